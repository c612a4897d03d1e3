import { z } from 'zod';
import { readRate, type GithubResource, type MetLimit } from '../budget';
import type { GithubAnswer } from './sendRequest';

/** What an answer means, whatever is in it. */
export type AnswerMeaning =
  | { kind: 'answered' | 'unavailable' | 'refused' | 'missing' }
  | { kind: 'limited'; limit: MetLimit };

/**
 * Decides what an answer means.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit
 *
 * @param nowMs - in milliseconds since the epoch
 * @param resource - what was asked
 */
export function classifyAnswer(
  answer: GithubAnswer,
  nowMs: number,
  resource: GithubResource,
): AnswerMeaning {
  const { status, body } = answer;
  if (status >= 500 || status === 408) {
    return { kind: 'unavailable' };
  }
  const limit = findLimit(answer, nowMs, resource);
  if (limit) {
    return { kind: 'limited', limit };
  }
  if (status === 404 || status === 410) {
    // GitHub says so in words; what stands in front of a server of one's own does not know what GitHub has.
    return { kind: readMessage(body) === '' ? 'unavailable' : 'missing' };
  }
  return { kind: status < 300 ? 'answered' : 'refused' };
}

/** Servers of some years ago call it abuse. */
const secondaryWords = /secondary[ _]rate[ _]limit|abuse detection/i;

/** GitHub has two words for one limit. */
const primaryTypes = new Set(['RATE_LIMITED', 'RATE_LIMIT']);

function findLimit(
  { status, headers, body }: GithubAnswer,
  nowMs: number,
  resource: GithubResource,
): MetLimit | undefined {
  const told = headers['retry-after'] ?? '';
  const toldMs = /^\d+$/.test(told) ? Number(told) * 1000 : undefined;
  const rate = readRate(headers, nowMs);
  const resetInMs = rate?.remaining === 0 ? rate.resetInMs : undefined;
  const retryAfterMs = toldMs ?? resetInMs;
  // What REST was asked for may have such a message itself, as a commit has; GraphQL tells of limits with 200.
  const remarks =
    status >= 300 || resource === 'graphql' ? readRemarks(body) : [];
  if (remarks.some(remark => secondaryWords.test(remark))) {
    return { kind: 'secondary', retryAfterMs };
  }
  if (remarks.some(remark => primaryTypes.has(remark))) {
    return { kind: 'primary', retryAfterMs };
  }
  if (status !== 403 && status !== 429) {
    return undefined;
  }
  if (toldMs !== undefined) {
    return { kind: 'secondary', retryAfterMs };
  }
  if (resetInMs !== undefined) {
    return { kind: 'primary', retryAfterMs };
  }
  return status === 429 ? { kind: 'secondary', retryAfterMs } : undefined;
}

const textSchema = z.string().catch('');

const remarksSchema = z.object({
  message: textSchema,
  errors: z
    .array(
      z
        .object({ type: textSchema, message: textSchema })
        .catch({ type: '', message: '' }),
    )
    .catch([]),
});

/** All that GitHub says of a request instead of an answer, or beside it: messages, and types of errors. */
function readRemarks(body: unknown): string[] {
  const { data } = remarksSchema.safeParse(body);
  return data
    ? [
        data.message,
        ...data.errors.flatMap(({ type, message }) => [type, message]),
      ]
    : [];
}

/** What GitHub says of a request that failed; empty if it says nothing. */
export function readMessage(body: unknown): string {
  return typeof body === 'object' &&
    body !== null &&
    'message' in body &&
    typeof body.message === 'string'
    ? body.message
    : '';
}
