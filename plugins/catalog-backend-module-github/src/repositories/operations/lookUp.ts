import { z } from 'zod';
import type { GithubStore } from '../GithubStore';
import {
  repositoryStateSchema,
  type RepositoryState,
} from '../RepositoryState';

/** So many hints are shown at the most. */
const mostHints = 100;

/** What became of an event at a provider. */
export interface HintRecord {
  provider: string;
  cause: string;
  /** Of the event, in the log of events. */
  eventId: string | undefined;
  topic: string | undefined;
  action: string | undefined;
  delivery: string | undefined;
  /** `owner/name` in lower case, as it was then. */
  fullName: string | undefined;
  state: 'pending' | 'settled' | 'passed over';
  atMs: number;
  settledAtMs: number | undefined;
  /** When it is looked at, or looked at again. */
  dueAtMs: number | undefined;
  attempts: number;
  /** What came of it, or what went wrong last. */
  outcome: string | undefined;
}

/** What a provider knows of a repository. */
export interface RepositoryRecord {
  provider: string;
  nodeId: string;
  state: RepositoryState;
  /** Why the catalog has it, or has it not. */
  explanation: string;
  reconciledAtMs: number;
  /** URLs that the catalog holds. */
  locations: string[];
}

const text = z
  .string()
  .nullable()
  .transform(value => value ?? undefined);
const time = z
  .union([z.number(), z.string()])
  .nullable()
  .transform(value => (value === null ? undefined : Number(value)));
const hintRow = z
  .object({
    provider: z.string(),
    cause: z.string(),
    event_id: text,
    topic: text,
    action: text,
    delivery: text,
    full_name: text,
    state: z.enum(['pending', 'settled', 'passed over']),
    at_ms: z.coerce.number(),
    settled_at_ms: time,
    due_at_ms: time,
    attempts: z.number(),
    outcome: text,
  })
  .transform(
    (row): HintRecord => ({
      provider: row.provider,
      cause: row.cause,
      eventId: row.event_id,
      topic: row.topic,
      action: row.action,
      delivery: row.delivery,
      fullName: row.full_name,
      state: row.state,
      atMs: row.at_ms,
      settledAtMs: row.settled_at_ms,
      dueAtMs: row.due_at_ms,
      attempts: row.attempts,
      outcome: row.outcome,
    }),
  );

/** What providers made of a delivery of GitHub, in the order they looked at it. */
export async function readHintsOfDelivery(
  { knex }: GithubStore,
  delivery: string,
): Promise<HintRecord[]> {
  const rows = await knex('callboard_github_hints')
    .where({ delivery })
    .orderBy('id')
    .limit(mostHints);
  return rows.map(row => hintRow.parse(row));
}

/** The last hints of a repository, the newest first. */
export async function readHintsOfRepository(
  { knex }: GithubStore,
  provider: string,
  nodeId: string,
): Promise<HintRecord[]> {
  const rows = await knex('callboard_github_hints')
    .where({ provider, node_id: nodeId })
    .orderBy('id', 'desc')
    .limit(mostHints);
  return rows.map(row => hintRow.parse(row));
}

/**
 * What providers know of the repository that has a name now.
 *
 * @param fullName - `owner/name`, in any case
 */
export async function findRepositories(
  { knex }: GithubStore,
  fullName: string,
): Promise<RepositoryRecord[]> {
  const rows = await knex('callboard_github_repositories')
    .where({ full_name: fullName.toLowerCase() })
    .orderBy('provider');
  const records: RepositoryRecord[] = [];
  for (const row of rows) {
    const { provider, node_id: nodeId } = row;
    records.push({
      provider,
      nodeId,
      state: repositoryStateSchema.parse(JSON.parse(row.state)),
      explanation: row.explanation,
      reconciledAtMs: Number(row.reconciled_at_ms),
      locations: await knex('callboard_github_locations')
        .where({ provider, node_id: nodeId })
        .whereNot('state', 'removing')
        .orderBy('target')
        .pluck('target'),
    });
  }
  return records;
}

/** How many hints of a provider wait, and since when; but for checks, which are in no hurry before they are due. */
export async function countPendingHints(
  { knex }: GithubStore,
  provider: string,
  nowMs: number,
): Promise<{ count: number; oldestMs: number | undefined }> {
  const [row] = await knex('callboard_github_hints')
    .where({ provider })
    .whereNotNull('due_at_ms')
    .where(hurried =>
      hurried.whereNot('cause', 'check').orWhere('due_at_ms', '<=', nowMs),
    )
    .count({ count: '*' })
    .min({ oldest: 'at_ms' });
  return {
    count: Number(row.count),
    oldestMs:
      row.oldest === null || row.oldest === undefined
        ? undefined
        : Number(row.oldest),
  };
}
