import type { Store } from '../../database';
import { owedStates } from '../deliveryRow';
import { promoteNext } from './promoteNext';

/**
 * Removes deliveries and attempts of events that are trimmed.
 *
 * 1. Lock each subscription that something of it was still owed to, in the order of their ids.
 * 2. Remove, and let the next of each key be due: it would wait for ever behind one that is gone.
 * 3. Remove what nobody waits for. What comes to be owed meanwhile, to a subscription that is not locked, is for the
 *    next turn.
 *
 * @returns how many of the deliveries were still owed or dead
 */
export async function removeTrimmed(
  { knex, dialect }: Store,
  position: number,
): Promise<number> {
  return knex.transaction(async trx => {
    const lost = trx('callboard_deliveries')
      .where('position', '<=', position)
      .whereIn('state', [...owedStates, 'dead']);
    const affected: string[] = await lost
      .clone()
      .distinct('subscription_id')
      .orderBy('subscription_id')
      .pluck('subscription_id');
    for (const id of affected) {
      await dialect.lockSubscription(trx, id);
    }
    lost.whereIn('subscription_id', affected);
    const keyed: { subscription_id: string; key: string }[] = await lost
      .clone()
      .whereNotNull('key')
      .distinct('subscription_id', 'key');
    const removed = await lost.clone().delete();
    for (const id of affected) {
      const keys = keyed
        .filter(row => row.subscription_id === id)
        .map(({ key }) => key);
      await promoteNext(trx, dialect, id, keys);
    }
    await trx('callboard_deliveries')
      .where('position', '<=', position)
      .where({ state: 'delivered' })
      .delete();
    await trx('callboard_attempts').where('position', '<=', position).delete();
    return removed;
  });
}
