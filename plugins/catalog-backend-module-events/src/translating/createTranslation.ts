import { stringifyEntityRef } from '@backstage/catalog-model';
import type { ChangedEntity } from '@callboard/backstage-plugin-events-common';
import {
  catalogEntityChange,
  catalogLocationChange,
  type TranslateRow,
} from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';
import { bootstrapLocationType } from '../capture';
import { findChangedPaths } from './findChangedPaths';

/**
 * Of all changes of locations, which are rare. A location may be given another target, and one that is registered again has
 * another id, so neither keeps in order what happens to one.
 */
const locationsKey = 'locations';

/** Named in the metadata of every event of this module. */
const source = 'catalog';

const entityShape = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
  }),
});

/** The rest of an entity came from JSON as well, and needs no look at every value. */
const entitySchema = z.custom<ChangedEntity>(
  value => entityShape.safeParse(value).success,
  'is no entity of the catalog',
);

const locationSchema = z.object({
  id: z.string(),
  type: z.string(),
  target: z.string(),
});

const sides = <T extends z.ZodType>(side: T) =>
  z.object({
    before: side.nullish().transform(value => value ?? undefined),
    after: side.nullish().transform(value => value ?? undefined),
  });

/** What the triggers write: a row of the catalog as it was and as it is. */
const changeSchema = z.union([
  z.object({ entity: sides(entitySchema) }),
  z.object({ location: sides(locationSchema) }),
]);

type Sides<T> = { before?: T | undefined; after?: T | undefined };
type Location = z.infer<typeof locationSchema>;
type Described = Pick<
  Parameters<TranslateRow>[0],
  'id' | 'metadata' | 'createdAt'
>;

/**
 * Makes what turns changes of the catalog's tables into events of the contract.
 *
 * @param isWanted - whether an entity is to be told of. One that begins to be is created to subscribers, and one that ceases
 *   to be is deleted, so that what they keep is what is wanted
 * @returns a function that throws for a row that the triggers did not write
 */
export function createTranslation(
  isWanted: (entity: ChangedEntity) => boolean,
): TranslateRow {
  return row => {
    const change = changeSchema.parse(row.payload);
    return 'entity' in change
      ? toEntityEvent(row, change.entity, isWanted)
      : toLocationEvent(row, change.location);
  };
}

function toEntityEvent(
  row: Described,
  { before, after }: Sides<ChangedEntity>,
  isWanted: (entity: ChangedEntity) => boolean,
) {
  const [was, is] = [before, after].map(side =>
    side && isWanted(side) ? side : undefined,
  );
  const entity = is ?? was;
  if (!entity) {
    return undefined;
  }
  const key = stringifyEntityRef(entity);
  const describe = { ...describeRow(row), key };
  if (!was || !is) {
    const action = is ? 'created' : 'deleted';
    return catalogEntityChange.event({
      ...describe,
      eventPayload: { action, entity },
    });
  }
  // The same content in another order of fields is no change.
  const changedPaths = findChangedPaths(was, is);
  return changedPaths.length === 0
    ? undefined
    : catalogEntityChange.event({
        ...describe,
        eventPayload: { action: 'updated', entity, changedPaths },
      });
}

function toLocationEvent(row: Described, { before, after }: Sides<Location>) {
  const location = after ?? before;
  const isSame =
    before?.type === after?.type && before?.target === after?.target;
  if (!location || location.type === bootstrapLocationType || isSame) {
    return undefined;
  }
  const added = before ? 'updated' : 'added';
  return catalogLocationChange.event({
    ...describeRow(row),
    key: locationsKey,
    eventPayload: { action: after ? added : 'removed', location },
  });
}

function describeRow({ id, metadata, createdAt }: Described) {
  const { correlationId } = metadata;
  return {
    id,
    source,
    timestamp: createdAt,
    ...(typeof correlationId === 'string' && { correlationId }),
  };
}
