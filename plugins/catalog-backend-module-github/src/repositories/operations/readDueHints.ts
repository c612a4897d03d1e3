import { z } from 'zod';
import { hintSchema } from '../../hints';
import type { GithubStore } from '../GithubStore';
import type { PendingHint } from '../rows';
import { chunk } from './chunk';

const dueSchema = z.object({ node_id: z.string(), hints: z.coerce.number() });
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
 * So many hints of one repository, and of all of them, are looked at together at the most: a hint may be some 20 KB, and more
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
  const due = await knex('callboard_github_hints')
    .where({ provider })
    .where('due_at_ms', '<=', nowMs)
    .groupBy('node_id')
    .orderBy(knex.raw('min(due_at_ms)'))
    .limit(most)
    .select('node_id', knex.raw('count(*) AS hints'));
  const nodeIds: string[] = [];
  let count = 0;
  for (const { node_id: nodeId, hints } of z.array(dueSchema).parse(due)) {
    count += Math.min(hints, mostHintsOfOne);
    if (nodeIds.length > 0 && count > mostHints) {
      break;
    }
    nodeIds.push(nodeId);
  }
  if (nodeIds.length === 0) {
    return [];
  }
  return readHintsOf({ knex }, provider, nodeIds);
}

/**
 * Reads the hints of repositories that wait for a check, those that wait longest first, together with what else waits of
 * them.
 *
 * @param most - how many repositories
 */
export async function readChecks(
  { knex }: Pick<GithubStore, 'knex'>,
  provider: string,
  most: number,
): Promise<PendingHint[]> {
  const nodeIds: string[] = await knex('callboard_github_hints')
    .where({ provider, cause: 'check' })
    .whereNotNull('due_at_ms')
    .orderBy('due_at_ms')
    .limit(most)
    .pluck('node_id');
  return readHintsOf({ knex }, provider, [...new Set(nodeIds)]);
}

async function readHintsOf(
  { knex }: Pick<GithubStore, 'knex'>,
  provider: string,
  nodeIds: readonly string[],
): Promise<PendingHint[]> {
  const numbered = knex('callboard_github_hints')
    .where({ provider })
    .whereIn('node_id', nodeIds)
    .whereNotNull('due_at_ms')
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
