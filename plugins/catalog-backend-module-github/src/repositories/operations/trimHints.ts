import type { GithubStore } from '../GithubStore';

const most = 10_000;

/**
 * Removes what is older, except what still waits.
 *
 * @returns how many were removed, {@link most} at most
 */
export async function trimHints(
  { knex }: GithubStore,
  beforeMs: number,
): Promise<number> {
  return knex('callboard_github_hints')
    .whereIn('id', old =>
      old
        .select('id')
        .from('callboard_github_hints')
        .where('at_ms', '<', beforeMs)
        .whereNull('due_at_ms')
        .orderBy('at_ms')
        .limit(most),
    )
    .delete();
}
