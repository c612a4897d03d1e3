import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import type { PlannedDelivery } from '../planSettlement';
import { blockBehindEarlier } from './blockBehindEarlier';
import { promoteNext } from './promoteNext';
import { recordAttempts } from './recordAttempts';

const rowsPerStatement = 500;

/**
 * Writes what settling a batch came to.
 *
 * 1. Insert or change the delivery of each event that did not go well at once.
 * 2. Write down the attempts that were made.
 * 3. Make the first of each key due and block those behind it.
 *
 * @param keys - every key of the batch
 */
export async function settleDeliveries(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  planned: readonly PlannedDelivery[],
  keys: readonly string[],
): Promise<void> {
  for (let first = 0; first < planned.length; first += rowsPerStatement) {
    await trx('callboard_deliveries')
      .insert(
        planned
          .slice(first, first + rowsPerStatement)
          .map(({ settlement, state, attempts, delayMs, error }) => ({
            subscription_id: subscriptionId,
            position: settlement.event.position,
            event_id: settlement.event.id,
            topic: settlement.event.topic,
            key: settlement.event.key ?? null,
            size: settlement.event.size,
            state,
            attempts,
            due_at: trx.raw(`${dialect.nowMs} + ?`, [delayMs]),
            last_error: error ?? null,
            updated_at: trx.raw(dialect.nowMs),
          })),
      )
      .onConflict(['subscription_id', 'position'])
      .merge({
        state: trx.raw('excluded.state'),
        attempts: trx.raw('excluded.attempts'),
        due_at: trx.raw('excluded.due_at'),
        last_error: trx.raw(
          'coalesce(excluded.last_error, callboard_deliveries.last_error)',
        ),
        updated_at: trx.raw('excluded.updated_at'),
      });
  }
  await recordAttempts(trx, dialect, subscriptionId, planned);
  if (planned.length > 0) {
    await blockBehindEarlier(trx, subscriptionId, keys);
  }
  await promoteNext(trx, dialect, subscriptionId, keys);
}
