import type { Store } from '../../database';

/**
 * Finds when the next delivery of each subscription is due.
 *
 * Goes from one subscription to the next in the index, and to the first that is due of each: what else is owed, however
 * much it is, is not read.
 *
 * @returns milliseconds until then, 0 or less for what is due now, by subscription; those of which nothing is due, now or
 *   later, are not there
 */
export async function listNextDue({
  knex,
  dialect,
}: Store): Promise<Map<string, number>> {
  const found = await knex
    .withRecursive('owed', ['id'], owed =>
      owed
        .min('subscription_id')
        .from('callboard_deliveries')
        .unionAll(next =>
          next
            .select(
              knex('callboard_deliveries')
                .whereRaw('callboard_deliveries.subscription_id > owed.id')
                .min('subscription_id')
                .as('id'),
            )
            .from('owed')
            .whereNotNull('owed.id'),
        ),
    )
    .from('owed')
    .whereNotNull('owed.id')
    .select<{ id: string; due_in: number | string | null }[]>(
      'owed.id',
      knex('callboard_deliveries')
        .whereRaw('callboard_deliveries.subscription_id = owed.id')
        .where({ state: 'due' })
        .select(knex.raw(`min(due_at) - ${dialect.nowMs}`))
        .as('due_in'),
    );
  return new Map(
    found.flatMap(({ id, due_in }) =>
      due_in === null ? [] : [[id, Number(due_in)]],
    ),
  );
}
