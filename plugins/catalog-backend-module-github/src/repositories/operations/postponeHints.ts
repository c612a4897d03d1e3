import type { GithubStore } from '../GithubStore';
import { chunk } from './chunk';

/** Lets hints wait that could not be looked at. */
export async function postponeHints(
  { knex }: GithubStore,
  hintIds: readonly number[],
  dueAtMs: number,
  reason: string,
): Promise<void> {
  for (const piece of chunk(hintIds)) {
    await knex('callboard_github_hints')
      .whereIn('id', piece)
      .update({ due_at_ms: dueAtMs, outcome: reason })
      .increment('attempts', 1);
  }
}
