import { z } from 'zod';

/*
 * Pieces of OpenAPI 3.1 documents, whose schemas are JSON Schema. The schemas that routes parse their input with
 * describe it too, so the two cannot drift apart.
 */

/** A schema as JSON Schema. */
export function toSchema(
  schema: z.ZodType,
  io: 'input' | 'output' = 'output',
): { properties?: object } {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** The body of a request. */
export function body(schema: z.ZodType) {
  return {
    required: true,
    content: { 'application/json': { schema: toSchema(schema, 'input') } },
  };
}

/** An answer with a body. */
export function answer(description: string, schema: z.ZodType) {
  return {
    description,
    content: { 'application/json': { schema: toSchema(schema) } },
  };
}

/** An answer that says what went wrong, as Backstage does. */
export function refusal(description: string) {
  return answer(
    description,
    z.looseObject({
      error: z.looseObject({ name: z.string(), message: z.string() }),
    }),
  );
}

/** What every document says besides its routes. */
export function describeApi(
  url: string,
  info: { title: string; version: string; description: string },
) {
  return {
    openapi: '3.1.0',
    info: {
      ...info,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    components: {
      securitySchemes: { backstage: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ backstage: [] }],
  };
}
