import type { LoggerService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import type { ErrorRequestHandler } from 'express';
import { isDriverError } from '../database';
import { retryAfterSeconds } from '../model/retryAfterSeconds';

/**
 * Makes the handler of errors that stands behind all routers: while the store is away, it answers 503 and says when to
 * come again. What the store says, such as a statement or where the server is, goes into the log and to no client. All
 * other errors are left to the backend.
 *
 * @param options.isUnavailable - whether a failure of the store may pass
 */
export function answerStoreFailures(options: {
  isUnavailable: (error: unknown) => boolean;
  logger: LoggerService;
}): ErrorRequestHandler {
  const { isUnavailable, logger } = options;
  return (error, _request, response, next) => {
    const isAway = isUnavailable(error);
    if (
      (isAway || error instanceof ServiceUnavailableError) &&
      !response.headersSent &&
      !response.hasHeader('Retry-After')
    ) {
      response.set('Retry-After', String(retryAfterSeconds));
    }
    if (!isAway && !isDriverError(error)) {
      next(error);
      return;
    }
    // Not as the cause: the backend would send it along.
    const answered = isAway
      ? new ServiceUnavailableError('The events database is away or busy')
      : new Error('The events database failed; the log tells how');
    logger.warn(answered.message, error);
    next(answered);
  };
}
