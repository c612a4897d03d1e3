import type { ChangedEntity } from '@callboard/backstage-plugin-events-common';

/** What an entity must have to be told of. */
export interface EntityRule {
  /** One of these kinds, in small letters; undefined for all. */
  kinds: readonly string[] | undefined;
  /** All of these annotations, with the value if there is one; undefined for no matter which. */
  annotations: ReadonlyMap<string, string | undefined> | undefined;
}

/**
 * Makes a filter of rules.
 *
 * @param rules - of which one has to fit; undefined when every entity is told of
 */
export function createEntityFilter(
  rules: readonly EntityRule[] | undefined,
): (entity: ChangedEntity) => boolean {
  return entity => rules?.some(rule => fits(entity, rule)) ?? true;
}

function fits(
  { kind, metadata }: ChangedEntity,
  { kinds, annotations }: EntityRule,
): boolean {
  if (kinds && !kinds.includes(kind.toLocaleLowerCase('en-US'))) {
    return false;
  }
  const present = new Map(
    Object.entries(
      typeof metadata.annotations === 'object' && metadata.annotations
        ? metadata.annotations
        : {},
    ),
  );
  return [...(annotations ?? [])].every(
    ([name, value]) =>
      present.has(name) && (value === undefined || present.get(name) === value),
  );
}
