import type { Knex } from 'knex';
import type { Store } from '../../database';
import type { OwedEvent } from '../../model/batch';
import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import { owedStates, type DeliveryRow } from '../deliveryRow';
import { blockBehindEarlier } from './blockBehindEarlier';
import { promoteNext } from './promoteNext';

/** How events are owed again. */
export interface OweAgainOptions {
  /** Counts only. */
  dryRun: boolean;
  /** Leaves out what comes by itself, in the transaction that holds the lock on the subscription. */
  choose?(
    trx: Knex.Transaction,
    subscriptionId: string,
    events: readonly OwedEvent[],
  ): Promise<OwedEvent[]>;
  /** Notes what was done, in the same transaction; nothing is done when it rejects. */
  note?(trx: Knex.Transaction, result: { owed: number }): Promise<void>;
}

/**
 * Owes events to a subscription again; those that are owed already stay as they are.
 *
 * @returns how many are owed anew, and how many were before or come by themselves
 */
export async function oweAgain(
  { knex, dialect }: Store,
  subscriptionId: string,
  asked: readonly OwedEvent[],
  { dryRun, choose, note }: OweAgainOptions,
): Promise<{ owed: number; alreadyOwed: number }> {
  return knex.transaction(async trx => {
    await dialect.lockSubscription(trx, subscriptionId);
    const events = choose ? await choose(trx, subscriptionId, asked) : asked;
    const before = await trx<DeliveryRow>('callboard_deliveries')
      .where({ subscription_id: subscriptionId })
      .whereIn(
        'position',
        events.map(({ position }) => position),
      )
      .whereIn('state', owedStates)
      .pluck('position');
    const alreadyOwed = new Set(before.map(Number));
    const anew = events.filter(({ position }) => !alreadyOwed.has(position));
    const result = {
      owed: anew.length,
      alreadyOwed: asked.length - anew.length,
    };
    if (dryRun) {
      return result;
    }
    await note?.(trx, result);
    if (anew.length === 0) {
      return result;
    }
    await trx('callboard_deliveries')
      .insert(
        anew.map(({ position, id, topic, key, size }) => ({
          subscription_id: subscriptionId,
          position,
          event_id: id,
          topic,
          key: key ?? null,
          size,
          state: (key === undefined
            ? 'due'
            : 'blocked') satisfies DeliveryState,
          attempts: 0,
          due_at: trx.raw(dialect.nowMs),
          last_error: null,
          updated_at: trx.raw(dialect.nowMs),
        })),
      )
      .onConflict(['subscription_id', 'position'])
      // The key too: what it is kept in order by may be another one by now.
      .merge(['key', 'state', 'attempts', 'due_at', 'updated_at']);
    const keys = [
      ...new Set(anew.flatMap(({ key }) => (key === undefined ? [] : [key]))),
    ];
    await blockBehindEarlier(trx, subscriptionId, keys);
    await promoteNext(trx, dialect, subscriptionId, keys);
    return result;
  });
}
