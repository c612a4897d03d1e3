import { readRate, type MetLimit } from '../budget';
import type { GithubAnswer } from './sendRequest';

/** What an answer means, whatever is in it. */
export type AnswerMeaning =
  | { kind: 'answered' | 'unavailable' | 'refused' | 'missing' }
  | { kind: 'limited'; limit: MetLimit };

/**
 * Decides what an answer means.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 *
 * @param nowMs - in milliseconds since the epoch
 */
export function classifyAnswer(
  answer: GithubAnswer,
  nowMs: number,
): AnswerMeaning {
  const { status } = answer;
  if (status >= 500 || status === 408) {
    return { kind: 'unavailable' };
  }
  if (status === 403 || status === 429) {
    const limit = findLimit(answer, nowMs);
    return limit ? { kind: 'limited', limit } : { kind: 'refused' };
  }
  if (status === 404 || status === 410) {
    return { kind: 'missing' };
  }
  return { kind: status < 300 ? 'answered' : 'refused' };
}

function findLimit(
  { status, headers, body }: GithubAnswer,
  nowMs: number,
): MetLimit | undefined {
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined && /^\d+$/.test(retryAfter)) {
    return { kind: 'secondary', retryAfterMs: Number(retryAfter) * 1000 };
  }
  const rate = readRate(headers, nowMs);
  if (rate?.remaining === 0) {
    return { kind: 'primary', retryAfterMs: rate.resetInMs };
  }
  const isSecondary =
    status === 429 ||
    // Servers of some years ago call it abuse.
    /secondary rate limit|abuse detection/i.test(readMessage(body));
  return isSecondary
    ? { kind: 'secondary', retryAfterMs: undefined }
    : undefined;
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
