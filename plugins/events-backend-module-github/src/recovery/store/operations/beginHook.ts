import type { Knex } from 'knex';

/** Notes since when the deliveries of a webhook come into the log, unless that is known. */
export async function beginHook(
  knex: Knex,
  hook: string,
  nowMs: number,
): Promise<void> {
  await knex('callboard_github_recovery')
    .insert({ hook, begun_at: nowMs })
    .onConflict('hook')
    .ignore();
}
