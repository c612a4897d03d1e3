import { ConflictError, InputError } from '@backstage/errors';
import type { Request, Response } from 'express';
import type { Endpoint } from '../../endpoints';

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
 * @returns undefined for any
 * @throws InputError when the header is none that we have given
 */
export function readIfMatch(request: Request): string | undefined {
  const header = request.get('If-Match')?.trim();
  if (header === undefined || header === '*') {
    return undefined;
  }
  const [, revision] = /^"([^",\s]+)"$/.exec(header) ?? [];
  if (revision === undefined) {
    throw new InputError(
      'If-Match: give the ETag of the endpoint as it was answered, in its quotes',
    );
  }
  return revision;
}

/** Answered when somebody was faster. */
export function wasChanged(endpointId: string): ConflictError {
  return new ConflictError(
    `Endpoint '${endpointId}' was changed meanwhile. Read it again, and change what it is now`,
  );
}
