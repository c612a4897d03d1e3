import { ServiceUnavailableError } from '@backstage/errors';
import type { ErrorRequestHandler } from 'express';
import { retryAfterSeconds } from '../model/retryAfterSeconds';

/**
 * Makes the handler of errors that stands behind all routers: while the store is away, it answers 503 and says when to
 * come again. All other errors are left to the backend.
 *
 * @param isUnavailable - whether a failure of the store may pass
 */
export function answerUnavailable(
  isUnavailable: (error: unknown) => boolean,
): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const isAway = isUnavailable(error);
    if (
      (isAway || error instanceof ServiceUnavailableError) &&
      !response.headersSent &&
      !response.hasHeader('Retry-After')
    ) {
      response.set('Retry-After', String(retryAfterSeconds));
    }
    next(
      isAway
        ? new ServiceUnavailableError(
            'The events database is away or busy',
            error,
          )
        : error,
    );
  };
}
