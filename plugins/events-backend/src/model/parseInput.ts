import { InputError } from '@backstage/errors';
import type { z } from 'zod';

/**
 * Parses a query or a body.
 *
 * @throws InputError that names the first field that is wrong
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new InputError(
      [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
    );
  }
  return result.data;
}
