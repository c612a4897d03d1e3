import type { Knex } from 'knex';

/** Removes what no hook of the configuration fetches any more. */
export async function removeBefore(knex: Knex, timeMs: number): Promise<void> {
  await knex('callboard_github_recovery_deliveries')
    .where('delivered_at', '<', timeMs)
    .delete();
}
