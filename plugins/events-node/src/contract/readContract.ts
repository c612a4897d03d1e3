import {
  eventsContract,
  type JsonSchema,
} from '@callboard/backstage-plugin-events-common';

const prefix = '#/components/schemas/';

/**
 * A schema of the contract with what it refers to in its place.
 *
 * @param name - in `components.schemas`
 */
export function readSchema(name: string): JsonSchema {
  const schema = eventsContract.components.schemas[name];
  if (!schema) {
    throw new Error(`The contract has no schema '${name}'`);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [
      keyword,
      withoutReferences(value),
    ]),
  );
}

function withoutReferences(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutReferences);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('$ref' in value && typeof value.$ref === 'string') {
    return readSchema(value.$ref.slice(prefix.length));
  }
  return Object.fromEntries(
    Object.entries(value).map(([keyword, inner]) => [
      keyword,
      withoutReferences(inner),
    ]),
  );
}
