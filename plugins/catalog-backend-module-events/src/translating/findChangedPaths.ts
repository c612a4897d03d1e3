import { isDeepStrictEqual } from 'node:util';

/**
 * Finds what differs between two JSON values.
 *
 * Objects are compared field by field. Lists are compared as a whole: one value that is put in front of a list moves all
 * others, and says nothing about them.
 *
 * @returns JSON Pointers (RFC 6901), in the order of the fields; none when the values are equal
 */
export function findChangedPaths(before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) {
    return [];
  }
  if (!isObject(before) || !isObject(after)) {
    return [''];
  }
  const fieldsBefore = new Map(Object.entries(before));
  const fieldsAfter = new Map(Object.entries(after));
  return [...new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()])].flatMap(
    name => {
      const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      return fieldsBefore.has(name) && fieldsAfter.has(name)
        ? findChangedPaths(fieldsBefore.get(name), fieldsAfter.get(name)).map(
            inner => path + inner,
          )
        : [path];
    },
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
