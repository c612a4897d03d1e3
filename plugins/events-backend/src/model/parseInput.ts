import { InputError } from '@backstage/errors';
import type { z } from 'zod';

/** Says what is missing, or must be a list, in the words of people; the rest as the schema does. */
export const explainIssue: z.core.$ZodErrorMap = issue => {
  if (issue.code !== 'invalid_type') {
    return undefined;
  }
  if (issue.input === undefined) {
    return `is missing, and must be a ${nameType(issue.expected)}`;
  }
  return issue.expected === 'array' ? 'must be a list' : undefined;
};

function nameType(type: string): string {
  return type === 'array' ? 'list' : type;
}

/**
 * Parses a query or a body.
 *
 * @throws InputError that names the first field that is wrong
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input, { error: explainIssue });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new InputError(
      [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
    );
  }
  return result.data;
}
