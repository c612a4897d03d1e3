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

/** GitHub has no type for these. Whatever is null in such an answer may be there. */
const interrupted =
  /^Something went wrong while executing your query|^We couldn't respond to your request in time/;

/**
 * Decides whether an answer cannot be used because of its errors, whatever data it has: GitHub did not come to the end of
 * it, and may if it is asked again, or for less.
 *
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#other-resource-limits
 */
export function isInterrupted(errors: readonly GithubQueryError[]): boolean {
  return errors.some(
    ({ type, message }) =>
      type === 'RESOURCE_LIMITS_EXCEEDED' || interrupted.test(message),
  );
}

/** Decides what the errors of an answer without usable data mean. */
export function classifyQueryErrors(
  errors: readonly GithubQueryError[],
): Extract<GithubErrorKind, 'missing' | 'refused'> {
  return errors.every(({ type }) => type === 'NOT_FOUND')
    ? 'missing'
    : 'refused';
}
