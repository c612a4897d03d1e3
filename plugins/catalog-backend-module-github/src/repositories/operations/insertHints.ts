import type { Hint } from '../../hints';
import type { GithubStore } from '../GithubStore';
import type { HintOrigin } from '../rows';
import { chunk } from './chunk';

/** A hint to be looked at, or an event that was passed over. */
export type NewHint = HintOrigin &
  (
    | { hint: Hint; dueAtMs: number }
    | { hint?: undefined; fullName?: string; reason: string }
  );

/** Writes hints down, in one transaction: all of them are looked at, or none. */
export async function insertHints(
  { knex }: GithubStore,
  provider: string,
  hints: readonly NewHint[],
  atMs: number,
): Promise<void> {
  const rows = hints.map(each => ({
    provider,
    cause: each.cause,
    event_id: each.eventId ?? null,
    topic: each.topic ?? null,
    action: each.action ?? null,
    delivery: each.delivery ?? null,
    at_ms: atMs,
    ...(each.hint
      ? {
          state: 'pending',
          node_id: each.hint.nodeId,
          owner: each.hint.owner.toLowerCase(),
          full_name: each.hint.fullName.toLowerCase(),
          hint: JSON.stringify(each.hint),
          due_at_ms: each.dueAtMs,
          outcome: null,
          settled_at_ms: null,
        }
      : {
          state: 'passed over',
          node_id: null,
          owner: null,
          full_name: each.fullName?.toLowerCase() ?? null,
          hint: null,
          due_at_ms: null,
          outcome: each.reason,
          settled_at_ms: atMs,
        }),
  }));
  if (rows.length > 0) {
    await knex.transaction(async trx => {
      for (const piece of chunk(rows)) {
        await trx('callboard_github_hints').insert(piece);
      }
    });
  }
}
