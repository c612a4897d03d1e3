import { CustomErrorBase, InputError } from '@backstage/errors';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { EndpointChangedError, type Endpoint } from '../../endpoints';

/** Says which revision an answer shows (RFC 9110, section 8.8.3). */
export function setRevision(
  response: Response,
  { revision }: Pick<Endpoint, 'revision'>,
): void {
  response.set('ETag', `"${revision}"`);
}

/**
 * Which revision an endpoint must have still for a request to change it.
 *
 * @remarks
 * RFC 9110, section 13.1.1, compares strongly, so that a weak tag never fits. But a proxy that compresses an answer makes
 * our tag a weak one, and every revision is another state: the weak one names it as well.
 *
 * @returns undefined for any
 * @throws InputError when the header is none that we have given
 */
export function readIfMatch(request: Request): string | undefined {
  const header = request.get('If-Match')?.trim();
  if (header === undefined || header === '*') {
    return undefined;
  }
  const [, revision] = /^(?:W\/)?"([^",\s]+)"$/.exec(header) ?? [];
  if (revision === undefined) {
    throw new InputError(
      'If-Match: give the ETag of the endpoint as it was answered, in its quotes',
    );
  }
  return revision;
}

/**
 * The revision that an endpoint must have still when it is changed: the one that permission was asked for, which is the one
 * that the request names, if it names one.
 *
 * @throws EndpointChangedError when the request names another one
 */
export function holdRevision(
  request: Request,
  { id, revision }: Pick<Endpoint, 'id' | 'revision'>,
): string {
  const expected = readIfMatch(request);
  if (expected !== undefined && expected !== revision) {
    throw new EndpointChangedError(id);
  }
  return revision;
}

/** Answered with 412: an endpoint is not what the request says that it must be. */
export class PreconditionFailedError extends CustomErrorBase {
  name = 'PreconditionFailedError' as const;
  readonly statusCode = 412;
}

/**
 * Somebody was faster: a conflict (409), but of a request that named the revision a condition that failed (412), before the
 * change as in the midst of it.
 */
export const answerFailedConditions: ErrorRequestHandler = (
  error,
  request,
  _response,
  next,
) => {
  const isConditional =
    error instanceof EndpointChangedError && readIfMatch(request) !== undefined;
  next(isConditional ? new PreconditionFailedError(error.message) : error);
};
