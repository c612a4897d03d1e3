import { InputError } from '@backstage/errors';
import { z } from 'zod';

/** Makes a cursor that the caller need not, and should not, look into. */
export function encodeCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Reads a cursor.
 *
 * @param shape - of the place that was encoded
 * @throws InputError when the cursor is not one of ours
 */
export function decodeCursor<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf-8')),
    );
  } catch {
    throw new InputError(
      'The cursor is not valid; use the nextCursor of a page, with the same query',
    );
  }
}
