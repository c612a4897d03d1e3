import type { Knex } from 'knex';
import type { JudgedPage } from '../DueDelivery';

/** What follows from a page: another one, or the end of the reading. */
export type AfterPage =
  | { nextPage: string; upToMs: number }
  | {
      seenMs: number;
      /** What is settled and was delivered before is not met again. */
      forgetBeforeMs: number;
    };

/**
 * Notes what is to be fetched of a page, and how far the reading is with it, in one transaction.
 *
 * Pages are read from the newest to the oldest. What is known of a delivery already stays: the latest attempt was met
 * first. Only a success that is met later settles it, whichever attempt that was.
 */
export async function notePage(
  knex: Knex,
  hook: string,
  { due, arrived }: JudgedPage,
  after: AfterPage,
): Promise<void> {
  await knex.transaction(async trx => {
    if (due.length > 0) {
      await trx('callboard_github_recovery_deliveries')
        .insert(
          due.map(each => ({
            hook,
            guid: each.guid,
            delivery_id: each.deliveryId,
            delivered_at: each.deliveredMs,
            reason: each.reason,
            state: 'due',
            attempts: 0,
          })),
        )
        .onConflict(['hook', 'guid'])
        .ignore();
    }
    const redelivered = arrived.filter(each => each.isRedelivery);
    if (redelivered.length > 0) {
      await trx('callboard_github_recovery_deliveries')
        .insert(
          redelivered.map(each => ({
            hook,
            guid: each.guid,
            delivery_id: each.deliveryId,
            delivered_at: each.deliveredMs,
            reason: 'failed',
            state: 'settled',
            attempts: 0,
          })),
        )
        .onConflict(['hook', 'guid'])
        .ignore();
    }
    await trx('callboard_github_recovery_deliveries')
      .where({ hook })
      .whereIn(
        'guid',
        arrived.map(({ guid }) => guid),
      )
      .update({ state: 'settled' });

    if ('nextPage' in after) {
      await trx('callboard_github_recovery')
        .where({ hook })
        .update({ reading_up_to: after.upToMs, next_page: after.nextPage });
    } else {
      await trx('callboard_github_recovery').where({ hook }).update({
        seen_at: after.seenMs,
        reading_up_to: null,
        next_page: null,
      });
      await trx('callboard_github_recovery_deliveries')
        .where({ hook, state: 'settled' })
        .where('delivered_at', '<', after.forgetBeforeMs)
        .delete();
    }
  });
}
