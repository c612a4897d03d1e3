import { randomUUID } from 'node:crypto';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import { keysOf } from '../../model/keysOf';
import type { Subscription } from '../subscriptionRow';

/**
 * Claims new events in one statement, where there is nothing to decide: nothing of the subscription is due, nothing is
 * owed for the keys of these events, and no reader has one of the keys in hand. It calls a function of the store:
 *
 * 1. Lock the subscription. If its cursor has moved since the log was read, or its topics have changed, claim nothing.
 * 2. See whether there is something to decide; if so, claim nothing.
 * 3. Move the cursor, and write down the batch with its lease.
 *
 * @param input.subscription - as it was when the log was read, or before
 * @param input.candidates - the next events that it wants, in order, at least one
 * @param input.upTo - how far the log was read to find them
 * @returns the ticket, `contended` when `claimBatch` has to decide, or `moved` when the claim has to start over
 */
export async function claimUncontended(
  knex: Knex,
  input: {
    subscription: Subscription;
    candidates: readonly LogEvent[];
    upTo: number;
    leaseMs: number;
  },
): Promise<{ ticket: string } | 'contended' | 'moved'> {
  const { subscription, candidates } = input;
  const ticket = randomUUID();
  const positions = candidates.map(({ position }) => position);
  const { rows } = await knex.raw<{
    rows: { outcome: 'claimed' | 'contended' | 'moved' }[];
  }>('SELECT callboard_claim(?, ?, ?, ?, ?, ?, ?, ?, ?) AS outcome', [
    subscription.id,
    subscription.cursor,
    subscription.wish,
    input.upTo,
    ticket,
    JSON.stringify(positions),
    positions[0],
    keysOf(candidates),
    input.leaseMs,
  ]);
  const [{ outcome }] = rows;
  return outcome === 'claimed' ? { ticket } : outcome;
}
