import type { GithubStore } from '../GithubStore';
import { chunk } from './chunk';

/** Why hints wait, and until when. */
export interface Postponement {
  /** Whether GitHub's answer was doubted; otherwise there was none. */
  isDoubt: boolean;
  reason: string;
  dueAtMs: number;
}

/** Lets all hints of repositories wait that were looked at in vain, those too that were not read for their number. */
export async function postponeHints(
  { knex }: GithubStore,
  provider: string,
  nodeIds: readonly string[],
  { isDoubt, reason, dueAtMs }: Postponement,
): Promise<void> {
  for (const piece of chunk(nodeIds)) {
    await knex('callboard_github_hints')
      .where({ provider })
      .whereIn('node_id', piece)
      .whereNotNull('due_at_ms')
      .update({ due_at_ms: dueAtMs, outcome: reason })
      .increment({ attempts: 1, doubts: isDoubt ? 1 : 0 });
  }
}
