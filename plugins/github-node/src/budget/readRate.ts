/**
 * What is counted against a limit of its own: requests to REST, and points of GraphQL.
 *
 * @public
 */
export type GithubResource = 'core' | 'graphql';

/** What an answer says is left. */
export interface Rate {
  remaining: number;
  /** From now until it begins anew, in milliseconds. */
  resetInMs: number;
}

/** Headers of an answer, by their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Reads what is left of a limit.
 *
 * GitHub names the time by its own clock, and tells that in the header `date`; so ours may be wrong.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit
 *
 * @param nowMs - in milliseconds since the epoch; for answers without a date
 * @param resource - which limit is asked for; whichever the answer tells of unless given
 *
 * @returns undefined if the answer does not tell, or tells of another resource
 */
export function readRate(
  headers: AnswerHeaders,
  nowMs: number,
  resource?: GithubResource,
): Rate | undefined {
  const told = headers['x-ratelimit-resource'];
  const remaining = readNumber(headers['x-ratelimit-remaining']);
  const reset = readNumber(headers['x-ratelimit-reset']);
  if (
    remaining === undefined ||
    reset === undefined ||
    (resource !== undefined && told !== undefined && told !== resource)
  ) {
    return undefined;
  }
  const date = Date.parse(headers.date ?? '');
  const resetInMs = reset * 1000 - (Number.isNaN(date) ? nowMs : date);
  return { remaining, resetInMs: Math.max(0, resetInMs) };
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
