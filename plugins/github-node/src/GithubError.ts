/**
 * What came of asking GitHub in vain:
 *
 * - `limited`: a rate limit is used up; `retryAfterMs` says when to come again.
 * - `unavailable`: GitHub did not answer, or only in part; it may a moment later.
 * - `refused`: GitHub will not, or there is nobody to ask it as; asking again changes nothing, and the message has a remedy
 *   where there is one.
 * - `missing`: it is not there, or those who ask may not know of it, which GitHub does not tell apart.
 * - `malformed`: the answer is not what was expected.
 *
 * @public
 */
export type GithubErrorKind =
  | 'limited'
  | 'unavailable'
  | 'refused'
  | 'missing'
  | 'malformed';

/**
 * GitHub was asked in vain, or not asked because that would have been in vain. Has neither tokens nor keys in it.
 *
 * @public
 */
export class GithubError extends Error {
  readonly kind: GithubErrorKind;
  /** Of the answer, if there was one. */
  readonly status: number | undefined;
  /** Of `limited`: how long to wait before asking again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: GithubErrorKind,
    message: string,
    options: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'GithubError';
    this.kind = kind;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}
