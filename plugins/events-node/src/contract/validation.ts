import { InputError } from '@backstage/errors';
import type { JsonSchema } from '@callboard/backstage-plugin-events-common';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/**
 * Where and why an event does not fit the contract. It does not hold the value: a payload may hold what does not belong
 * into a log.
 *
 * @public
 */
export interface Misfit {
  /** JSON Pointer into the event; empty for the event as a whole. */
  path: string;
  reason: string;
}

/**
 * Makes a check from a JSON Schema, draft 7.
 *
 * @param what - how an error calls it
 * @param schema - without `$ref`: it has to mean the same wherever it stands in the contract
 * @throws InputError when the schema is not valid, or has a `$ref`
 */
export function compileSchema<T>(
  what: string,
  schema: JsonSchema,
): ValidateFunction<T> {
  if (hasReference(schema)) {
    throw new InputError(
      `The schema of ${what} has a $ref; write what it refers to in its place`,
    );
  }
  try {
    // An instance each: a schema with an `$id` would be there twice when two copies of this package are installed.
    return addFormats(new Ajv({ strict: false })).compile<T>(schema);
  } catch (error) {
    throw new InputError(
      `The schema of ${what} is no valid JSON Schema (draft 7)`,
      error,
    );
  }
}

/** Says what the first error is that a check found. */
export function describeMisfit(
  errors: readonly ErrorObject[] | null | undefined,
): Misfit {
  const error = errors?.at(-1);
  return {
    path: error?.instancePath ?? '',
    reason: error ? describeError(error) : 'does not fit',
  };
}

function describeError({ keyword, params, message }: ErrorObject): string {
  const expected: unknown =
    keyword === 'const' ? [params.allowedValue] : params.allowedValues;
  return Array.isArray(expected)
    ? `must be ${expected.map(value => JSON.stringify(value)).join(' or ')}`
    : message ?? 'does not fit';
}

function hasReference(schema: unknown): boolean {
  if (Array.isArray(schema)) {
    return schema.some(hasReference);
  }
  return (
    typeof schema === 'object' &&
    schema !== null &&
    Object.entries(schema).some(
      ([keyword, value]) =>
        (keyword === '$ref' && typeof value === 'string') ||
        hasReference(value),
    )
  );
}
