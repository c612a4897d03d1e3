import type { Knex } from 'knex';

/**
 * Notes that GitHub did not give deliveries that it was asked for.
 *
 * @param nowMs - in milliseconds since the epoch
 */
export async function countAttempt(
  knex: Knex,
  hook: string,
  guids: readonly string[],
  nowMs: number,
): Promise<void> {
  await knex('callboard_github_recovery_deliveries')
    .where({ hook })
    .whereIn('guid', [...guids])
    .update({ attempted_at: nowMs })
    .increment('attempts');
}
