import type { Knex } from 'knex';
import type { Settlement } from '../../model/batch';
import { keysOf } from '../../model/keysOf';

/**
 * Ends a claim in one statement, where nothing is to be recorded: every event was new and is delivered, and nothing is
 * owed for their keys that has to become due now. It calls a function of the store:
 *
 * 1. Lock the subscription, and see that nothing is owed for the keys.
 * 2. Remove the batch. If it is gone, the lease lapsed and somebody else owns its events.
 *
 * A crash of the server may forget it: then the batch lapses, and its events are delivered again.
 *
 * @returns whether the ticket was still good; `contended` when `settleBatch` has to settle
 */
export async function settleDelivered(
  knex: Knex,
  input: {
    ticket: string;
    subscriptionId: string;
    settlements: readonly Settlement[];
  },
): Promise<boolean | 'contended'> {
  const { rows } = await knex.raw<{
    rows: { outcome: 'settled' | 'lapsed' | 'contended' }[];
  }>('SELECT callboard_settle(?, ?, ?) AS outcome', [
    input.subscriptionId,
    input.ticket,
    keysOf(input.settlements.map(({ event }) => event)),
  ]);
  const [{ outcome }] = rows;
  return outcome === 'contended' ? outcome : outcome === 'settled';
}
