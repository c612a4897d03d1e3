import { readErrorCode } from './dialects/readErrorCode';

/**
 * Whether an error is one of a database driver or of Node.js, as its code says, and not one that is meant for a client,
 * as a status would say.
 */
export function isDriverError(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    readErrorCode(error) !== undefined &&
    !('status' in error) &&
    !('statusCode' in error)
  );
}
