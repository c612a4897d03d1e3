import type { GithubErrorKind } from '../GithubError';

/**
 * An error that GitHub tells of a part of a query.
 *
 * @public
 */
export interface GithubQueryError {
  /** Such as `NOT_FOUND` and `FORBIDDEN`; errors of the query itself have none. */
  type: string | undefined;
  /** Which field of the data it is about, from the top; empty if it is about all. */
  path: (string | number)[];
  message: string;
}

/** GitHub has two words for one limit. */
const limits = new Set(['RATE_LIMITED', 'RATE_LIMIT']);

/** GitHub has no type for these. Whatever is null in such an answer may be there. */
const interrupted =
  /^Something went wrong while executing your query|^We couldn't respond to your request in time/;

/**
 * Decides whether an answer cannot be used because of its errors, whatever data it has.
 *
 * @returns undefined if what the errors are not about can be used
 */
export function findFatalKind(
  errors: readonly GithubQueryError[],
): 'limited' | 'unavailable' | undefined {
  if (errors.some(({ type }) => type !== undefined && limits.has(type))) {
    return 'limited';
  }
  return errors.some(({ message }) => interrupted.test(message))
    ? 'unavailable'
    : undefined;
}

/** Decides what the errors of an answer without usable data mean. */
export function classifyQueryErrors(
  errors: readonly GithubQueryError[],
): Extract<GithubErrorKind, 'missing' | 'refused'> {
  return errors.every(({ type }) => type === 'NOT_FOUND')
    ? 'missing'
    : 'refused';
}
