import type { FilteredEvent } from './FilterSubject';
import type { EventPath } from './findRequirements';

/**
 * Reads what a filter finds at a path, from the event itself: nothing is made for it that filters are evaluated on.
 *
 * @returns the string there; undefined when the path leads nowhere, or to something else
 */
export function readEventPath(
  event: FilteredEvent,
  [variable, ...fields]: EventPath,
): string | undefined {
  let value: unknown = event[variable];
  for (const field of fields) {
    // A list has no fields by name, neither here nor in CEL.
    if (!isObject(value) || !Object.hasOwn(value, field)) {
      return undefined;
    }
    value = value[field];
  }
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
