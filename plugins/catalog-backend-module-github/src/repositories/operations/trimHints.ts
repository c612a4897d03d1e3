import type { GithubStore } from '../GithubStore';

/** So many by one statement: of ten times as many PostgreSQL would rather read the whole table. */
const pieceSize = 1_000;

/**
 * Removes what is older, except what still waits.
 *
 * @param most - how many at the most, in full thousands
 * @returns how many were removed
 */
export async function trimHints(
  { knex }: GithubStore,
  beforeMs: number,
  most: number = 1_000_000,
): Promise<number> {
  let removed = 0;
  while (removed < most) {
    const count: number = await knex('callboard_github_hints')
      .whereIn('id', old =>
        old
          .select('id')
          .from('callboard_github_hints')
          .where('at_ms', '<', beforeMs)
          .whereNull('due_at_ms')
          .orderBy('at_ms')
          .limit(pieceSize),
      )
      .delete();
    removed += count;
    if (count < pieceSize) {
      break;
    }
  }
  return removed;
}
