import { z } from 'zod';
import { hintSchema } from '../../hints';
import type { GithubStore } from '../GithubStore';
import type { PendingHint } from '../rows';
import { chunk } from './chunk';

const countSchema = z.array(
  z.object({ node_id: z.string(), hints: z.coerce.number() }),
);
const rowSchema = z.object({
  id: z.coerce.number(),
  cause: z.enum(['event', 'scan', 'check']),
  attempts: z.number(),
  doubts: z.number(),
  at_ms: z.coerce.number(),
  due_at_ms: z.coerce.number(),
  hint: z.string(),
});

/*
 * So many hints of one repository, and of all of them, are looked at together at the most: a hint may be some 40 KB, and more
 * come at the next turn.
 */
const mostHintsOfOne = 200;
const mostHints = 2_000;

/**
 * Reads the hints of repositories that are due: those of one repository all together, in the order they came.
 *
 * @param most - how many repositories, those that wait longest first
 */
export async function readDueHints(
  { knex }: GithubStore,
  provider: string,
  nowMs: number,
  most: number,
): Promise<PendingHint[]> {
  const nodeIds: string[] = await knex('callboard_github_hints')
    .where({ provider })
    .where('due_at_ms', '<=', nowMs)
    .groupBy('node_id')
    .orderBy(knex.raw('min(due_at_ms)'))
    .limit(most)
    .pluck('node_id');
  return readHintsOf({ knex }, provider, nodeIds);
}

/**
 * Reads the hints of repositories that wait for a check, those that wait longest first, together with what else waits of
 * them. What was checked in vain is left out until it is due.
 *
 * @param untilMs - how late they came at the latest
 * @param most - how many repositories
 */
export async function readChecks(
  { knex }: Pick<GithubStore, 'knex'>,
  provider: string,
  untilMs: number,
  most: number,
): Promise<PendingHint[]> {
  const nodeIds: string[] = await knex('callboard_github_hints')
    .where({ provider, cause: 'check', attempts: 0 })
    .where('at_ms', '<=', untilMs)
    .whereNotNull('due_at_ms')
    .orderBy('due_at_ms')
    .limit(most)
    .pluck('node_id');
  return readHintsOf({ knex }, provider, [...new Set(nodeIds)]);
}

/** @param nodeIds - in the order in which they are read, as many as the bounds let */
async function readHintsOf(
  { knex }: Pick<GithubStore, 'knex'>,
  provider: string,
  nodeIds: readonly string[],
): Promise<PendingHint[]> {
  if (nodeIds.length === 0) {
    return [];
  }
  const pending = () =>
    knex('callboard_github_hints')
      .where({ provider })
      .whereNotNull('due_at_ms');
  const counts = countSchema.parse(
    await pending()
      .whereIn('node_id', nodeIds)
      .groupBy('node_id')
      .select('node_id', knex.raw('count(*) AS hints')),
  );
  const countOf = new Map(
    counts.map(({ node_id: nodeId, hints }) => [nodeId, hints]),
  );
  const read: string[] = [];
  let count = 0;
  for (const nodeId of nodeIds) {
    count += Math.min(countOf.get(nodeId) ?? 0, mostHintsOfOne);
    if (read.length > 0 && count > mostHints) {
      break;
    }
    read.push(nodeId);
  }
  const numbered = pending()
    .whereIn('node_id', read)
    .select('id', 'cause', 'attempts', 'doubts', 'at_ms', 'due_at_ms', 'hint')
    .rowNumber('place', { column: 'id' }, 'node_id')
    .as('numbered');
  const rows = await knex
    .from(numbered)
    .where('place', '<=', mostHintsOfOne)
    .orderBy('id');
  return rows.map(row => {
    const {
      hint,
      at_ms: atMs,
      due_at_ms: dueAtMs,
      ...rest
    } = rowSchema.parse(row);
    return { ...hintSchema.parse(JSON.parse(hint)), ...rest, atMs, dueAtMs };
  });
}

/** Those of the repositories that have hints which wait. */
export async function findHinted(
  { knex }: GithubStore,
  provider: string,
  nodeIds: readonly string[],
): Promise<Set<string>> {
  const hinted = new Set<string>();
  for (const piece of chunk(nodeIds)) {
    const found: string[] = await knex('callboard_github_hints')
      .where({ provider })
      .whereIn('node_id', piece)
      .whereNotNull('due_at_ms')
      .distinct()
      .pluck('node_id');
    found.forEach(nodeId => hinted.add(nodeId));
  }
  return hinted;
}

/** When the next hint of a provider is due. */
export async function findNextDueMs(
  { knex }: GithubStore,
  provider: string,
): Promise<number | undefined> {
  const [row] = await knex('callboard_github_hints')
    .where({ provider })
    .whereNotNull('due_at_ms')
    .min('due_at_ms as next');
  return row?.next === null || row?.next === undefined
    ? undefined
    : Number(row.next);
}
