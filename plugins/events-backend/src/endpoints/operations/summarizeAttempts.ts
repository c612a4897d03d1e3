import type { Knex } from 'knex';
import type { EndpointOutcome } from '../Endpoint';

/** How it went with the last attempts of an endpoint. Times in milliseconds, since the epoch where they are moments. */
export interface AttemptSummary {
  attempts: number;
  delivered: number;
  /** How long half of them took at the most; undefined without any. */
  p50Ms: number | undefined;
  /** How long 95 of 100 took at the most; undefined without any. */
  p95Ms: number | undefined;
  /** Begin of the last attempt that went well, of all that are kept. */
  lastDeliveredAtMs: number | undefined;
  /** Begin of the last attempt that went wrong, of all that are kept. */
  lastFailedAtMs: number | undefined;
  /** Whether there may be more than were looked at. */
  capped: boolean;
}

/** More of an endpoint are not looked at, however many it has. */
export const maxSummarized = 10_000;

/** What a person would call a failure: not that we gave up because we stop. */
const failures = ['failed', 'throttled', 'gone'] satisfies EndpointOutcome[];

/**
 * Summarizes the attempts of an endpoint since a time, of which the newest 10,000 at the most.
 *
 * @param sinceMs - in milliseconds since the epoch
 */
export async function summarizeAttempts(
  knex: Knex,
  endpointId: string,
  sinceMs: number,
): Promise<AttemptSummary> {
  const [counts, lastDeliveredAtMs, lastFailedAtMs] = await Promise.all([
    countAttempts(knex, endpointId, sinceMs),
    findLast(knex, endpointId, ['delivered']),
    findLast(knex, endpointId, failures),
  ]);
  return { ...counts, lastDeliveredAtMs, lastFailedAtMs };
}

/** Percentiles are of the nearest rank: one of the times that were measured. */
async function countAttempts(knex: Knex, endpointId: string, sinceMs: number) {
  const recent = knex('callboard_endpoint_attempts')
    .where({ endpoint_id: endpointId })
    .where('started_at', '>=', sinceMs)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxSummarized)
    .select('outcome', 'duration_ms')
    .as('recent');
  const ranked = knex
    .from(recent)
    .select(
      'outcome',
      'duration_ms',
      knex.raw('row_number() OVER (ORDER BY duration_ms) AS place'),
      knex.raw('count(*) OVER () AS total'),
    )
    .as('ranked');
  const row = await knex
    .from(ranked)
    .first<
      Record<'attempts' | 'delivered', number | string> &
        Record<'p50' | 'p95', number | null>
    >(
      knex.raw('count(*) AS attempts'),
      knex.raw(
        "count(CASE WHEN outcome = 'delivered' THEN 1 END) AS delivered",
      ),
      knex.raw(
        'min(CASE WHEN place * 100 >= total * 50 THEN duration_ms END) AS p50',
      ),
      knex.raw(
        'min(CASE WHEN place * 100 >= total * 95 THEN duration_ms END) AS p95',
      ),
    );
  const attempts = Number(row.attempts);
  return {
    attempts,
    delivered: Number(row.delivered),
    p50Ms: row.p50 ?? undefined,
    p95Ms: row.p95 ?? undefined,
    capped: attempts === maxSummarized,
  };
}

/** Looks each outcome up by itself: the last of one may be far behind many others. */
async function findLast(
  knex: Knex,
  endpointId: string,
  outcomes: readonly EndpointOutcome[],
): Promise<number | undefined> {
  const rows: { last: number | string | null }[] = await knex.unionAll(
    outcomes.map(outcome =>
      knex('callboard_endpoint_attempts')
        .where({ endpoint_id: endpointId, outcome })
        .max({ last: 'started_at' }),
    ),
  );
  const times = rows.flatMap(({ last }) => (last === null ? [] : Number(last)));
  return times.length > 0 ? Math.max(...times) : undefined;
}
