import type { Knex } from 'knex';

/** Keeps deliveries from being fetched, also when they are met again. */
export async function settleDeliveries(
  knex: Knex,
  hook: string,
  guids: readonly string[],
): Promise<void> {
  await knex('callboard_github_recovery_deliveries')
    .where({ hook })
    .whereIn('guid', [...guids])
    .update({ state: 'settled' });
}
