import type { Knex } from 'knex';

/** Notes that GitHub did not give deliveries that it was asked for. */
export async function countAttempt(
  knex: Knex,
  hook: string,
  guids: readonly string[],
): Promise<void> {
  await knex('callboard_github_recovery_deliveries')
    .where({ hook })
    .whereIn('guid', [...guids])
    .increment('attempts');
}
