import type { Knex } from 'knex';
import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import { listValues } from './listValues';

/**
 * Finds those of the given keys that have a delivery in one of the given states.
 *
 * Looks each key up by itself: thousands of deliveries may be owed for one, and one is read.
 */
export async function findOwedKeys(
  trx: Knex.Transaction,
  subscriptionId: string,
  keys: readonly string[],
  states: readonly DeliveryState[],
): Promise<Set<string>> {
  if (keys.length === 0) {
    return new Set();
  }
  const owed: string[] = await trx
    .from(trx.raw(`(${listValues(keys)}) AS k`, [...keys]))
    .whereExists(
      trx('callboard_deliveries as d')
        .select(trx.raw('1'))
        .where({ 'd.subscription_id': subscriptionId })
        .whereRaw('d.key = k.column1')
        .whereIn('d.state', [...states]),
    )
    .pluck('k.column1');
  return new Set(owed);
}
