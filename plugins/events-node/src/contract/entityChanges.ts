import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';
import type {
  CatalogEntityChange,
  ChangedEntity,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import type { Topic } from '../Topic';
import { catalogEntityChange } from './channels';

/**
 * Which changes of entities a subscriber wants. Each field that is given must fit; of several values one is enough.
 *
 * @public
 */
export interface EntityChangeFilter {
  action?: OneOrMore<CatalogEntityChange['action']>;
  /** Such as `Component`; in any case. */
  kind?: OneOrMore<string>;
  /** In any case. */
  namespace?: OneOrMore<string>;
  /** Reference of a group or user; without a kind it is a group, as in the catalog. */
  owner?: OneOrMore<string>;
  /** Name of an annotation that the entity has, or names and the values that they have. */
  annotation?: string | Readonly<Record<string, string>>;
  /**
   * JSON Pointer of a part of the entity, such as `/spec/owner`: only updates that changed it, or something in it. An
   * entity that is created or deleted does not fit.
   */
  changedPath?: OneOrMore<string>;
}

/** @public */
export type OneOrMore<T> = T | readonly T[];

/**
 * The changes of entities that fit a filter, to subscribe to.
 *
 * @remarks
 * What does not fit is passed over: it counts as delivered, and costs a look at it. For an update the entity is looked
 * at as it is now.
 *
 * @example
 * ```ts
 * await events.subscribe({
 *   id: 'ownership',
 *   topics: [entityChanges({ kind: 'Component', changedPath: '/spec/owner' })],
 *   async onEvent({ eventPayload: { entity } }) {
 *     await tellNewOwner(entity);
 *   },
 * });
 * ```
 *
 * @public
 */
export function entityChanges(
  filter: EntityChangeFilter = {},
): Topic<CatalogEntityChange> {
  const fits = createFit(filter);
  return {
    ...catalogEntityChange,
    // One that does not fit the contract is not passed over: `parse` says what is wrong with it.
    concerns: payload =>
      catalogEntityChange.concerns?.(payload) !== false &&
      (!isEntityChange(payload) || fits(payload)),
  };
}

/** Whether a filter can look at a payload; `parse` looks at the whole of it, and once. */
function isEntityChange(payload: unknown): payload is CatalogEntityChange {
  return lookedAtSchema.safeParse(payload).success;
}

const lookedAtSchema = z.object({
  action: z.string(),
  entity: z.object({
    kind: z.string(),
    metadata: z.object({ namespace: z.string() }),
  }),
  changedPaths: z.array(z.string()).optional(),
});

type Fit = (change: CatalogEntityChange) => boolean;

function createFit(filter: EntityChangeFilter): Fit {
  const { action, kind, namespace, owner, annotation, changedPath } = filter;
  const fits: Fit[] = [];
  if (action !== undefined) {
    const actions = toList(action);
    fits.push(change => actions.includes(change.action));
  }
  if (kind !== undefined) {
    const kinds = toList(kind).map(lower);
    fits.push(({ entity }) => kinds.includes(lower(entity.kind)));
  }
  if (namespace !== undefined) {
    const namespaces = toList(namespace).map(lower);
    fits.push(({ entity }) =>
      namespaces.includes(lower(entity.metadata.namespace)),
    );
  }
  if (owner !== undefined) {
    const owners = toList(owner).map(ref =>
      toRef(ref, { defaultKind: 'group', defaultNamespace: 'default' }),
    );
    fits.push(({ entity }) =>
      ownersOf(entity).some(ref => owners.includes(ref)),
    );
  }
  if (annotation !== undefined) {
    fits.push(({ entity }) => hasAnnotation(entity, annotation));
  }
  if (changedPath !== undefined) {
    const wanted = toList(changedPath);
    fits.push(({ changedPaths = [] }) =>
      changedPaths.some(changed =>
        wanted.some(path => isWithin(changed, path) || isWithin(path, changed)),
      ),
    );
  }
  return change => fits.every(fit => fit(change));
}

function toList<T>(values: OneOrMore<T>): readonly T[] {
  return isList(values) ? values : [values];
}

/** `Array.isArray` does not know lists that are read only. */
function isList<T>(values: OneOrMore<T>): values is readonly T[] {
  return Array.isArray(values);
}

function lower(text: string): string {
  return text.toLocaleLowerCase('en-US');
}

function toRef(
  ref: string,
  defaults: { defaultKind: string; defaultNamespace: string },
): string {
  return stringifyEntityRef(parseEntityRef(ref, defaults));
}

/** As the relations have it, which the catalog makes from the owner in the specification. */
function ownersOf(entity: ChangedEntity): string[] {
  const { relations } = entity;
  return Array.isArray(relations)
    ? relations.filter(isOwner).map(({ targetRef }) => lower(targetRef))
    : [];
}

function isOwner(
  relation: unknown,
): relation is { type: 'ownedBy'; targetRef: string } {
  return (
    typeof relation === 'object' &&
    relation !== null &&
    'type' in relation &&
    relation.type === 'ownedBy' &&
    'targetRef' in relation &&
    typeof relation.targetRef === 'string'
  );
}

function hasAnnotation(
  { metadata }: ChangedEntity,
  wanted: string | Readonly<Record<string, string>>,
): boolean {
  const { annotations } = metadata;
  if (typeof annotations !== 'object' || annotations === null) {
    return false;
  }
  const present = new Map(Object.entries(annotations));
  return typeof wanted === 'string'
    ? present.has(wanted)
    : Object.entries(wanted).every(
        ([name, value]) => present.get(name) === value,
      );
}

/** Whether a path is another, or lies in it. */
function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`);
}
