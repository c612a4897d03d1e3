import type { EntityFilter } from '@callboard/backstage-plugin-events-common';
import type { EntityFacts } from '../filtering';
import type { Condition, Place } from './Condition';
import { listTexts } from './listTexts';

/** A filter of entities that is ready to be asked. */
export interface EntityFit {
  /** What does not fit, as a sentence for people; undefined when everything does. */
  findMisfit(entity: EntityFacts): string | undefined;
  /** What an event must have for its entity to fit. */
  conditions: readonly Condition[];
}

/**
 * Compiles a filter of entities: each field that is given must fit, and of several values one is enough.
 *
 * @remarks
 * Kinds, namespaces and references are compared in small letters, as the catalog does; tags, annotations and their values
 * as they are.
 */
export function compileEntityFilter(filter: EntityFilter): EntityFit {
  const tests = [
    ...oneOf(owners, filter.owner, lower),
    ...oneOf(systems, filter.system, lower),
    ...oneOf(tags, filter.tag),
    ...Object.entries(filter.annotation ?? {}).flatMap(([name, value]) =>
      value === true ? [hasAnnotation(name)] : oneOf(annotation(name), [value]),
    ),
    ...oneOf(namespaces, filter.namespace, lower),
    ...oneOf(kinds, filter.kind, lower),
  ];
  return {
    findMisfit(entity) {
      return tests.find(({ fits }) => !fits(entity))?.misfit;
    },
    conditions: tests.flatMap(({ condition }) => condition ?? []),
  };
}

interface EntityTest {
  fits(entity: EntityFacts): boolean;
  misfit: string;
  /** Undefined for a test that any text passes. */
  condition: Condition | undefined;
}

/** Something that an entity has. */
interface EntityField {
  name: string;
  selectivity: Place['selectivity'];
  read(entity: EntityFacts): readonly string[];
  /** Says that an entity has none of some values here, as a sentence for people. */
  explain(wanted: readonly string[]): string;
}

const owners: EntityField = {
  name: 'owner',
  selectivity: 1,
  read: entity => entity.owners.map(lower),
  explain: wanted => `The entity's owner is ${noneOf(wanted)}`,
};

const systems: EntityField = {
  name: 'system',
  selectivity: 2,
  read: ({ system }) => (system === undefined ? [] : [lower(system)]),
  explain: wanted => `The entity's system is ${noneOf(wanted)}`,
};

const tags: EntityField = {
  name: 'tag',
  selectivity: 2,
  read: entity => entity.tags,
  explain: wanted => `The entity is not tagged ${listTexts(wanted)}`,
};

const namespaces: EntityField = {
  name: 'namespace',
  selectivity: 3,
  read: ({ namespace }) => [lower(namespace)],
  explain: wanted => `The entity's namespace is ${noneOf(wanted)}`,
};

const kinds: EntityField = {
  name: 'kind',
  selectivity: 3,
  read: ({ kind }) => [lower(kind)],
  explain: wanted => `The entity's kind is ${noneOf(wanted)}`,
};

function noneOf(wanted: readonly string[]): string {
  return `${wanted.length === 1 ? 'not' : 'none of'} ${listTexts(wanted)}`;
}

function annotation(name: string): EntityField {
  return {
    name: `annotation ${name}`,
    selectivity: 2,
    read: ({ annotations }) =>
      Object.hasOwn(annotations, name) ? [annotations[name]] : [],
    explain: wanted => `The entity's annotation ${name} is ${noneOf(wanted)}`,
  };
}

/** The test that a field has one of some values; none when there are none. */
function oneOf(
  field: EntityField,
  wanted: readonly string[] | undefined,
  toForm: (text: string) => string = text => text,
): EntityTest[] {
  if (!wanted) {
    return [];
  }
  const values = new Set(wanted.map(toForm));
  return [
    {
      fits: entity => field.read(entity).some(value => values.has(value)),
      misfit: field.explain(wanted),
      condition: {
        place: {
          name: `entity filter: ${field.name}`,
          selectivity: field.selectivity,
          read: ({ entity }) => (entity ? field.read(entity) : []),
        },
        values: [...values],
      },
    },
  ];
}

function hasAnnotation(name: string): EntityTest {
  return {
    fits: ({ annotations }) => Object.hasOwn(annotations, name),
    misfit: `The entity has no annotation ${name}`,
    condition: undefined,
  };
}

function lower(text: string): string {
  return text.toLowerCase();
}
