import type { EntityFacts } from '../filtering';
import type { EntityLookup } from './createEntityLookup';
import {
  findChangedEntity,
  findEntityRef,
  type SubjectOfEvent,
} from './findEntityRef';

/** What is known of the entity that an event is about, or why there is nothing to know. */
export type EventEntity =
  | { facts: EntityFacts }
  | {
      facts: undefined;
      /** A sentence for people, without its full stop. */
      reason: string;
    };

/** Of an event that is about no entity. */
export const noEntity: EventEntity = {
  facts: undefined,
  reason: 'The event is about no entity',
};

/**
 * Finds what is known of the entities that events are about. The catalog is asked once for all of them, and only for
 * those that do not stand in the payload of their event.
 *
 * @returns one for each event, in the same order
 * @throws CatalogAwayError when the catalog could not be asked
 */
export async function findEventEntities(
  events: readonly SubjectOfEvent[],
  lookup: EntityLookup,
): Promise<EventEntity[]> {
  const found = events.map(
    event => findChangedEntity(event) ?? findEntityRef(event),
  );
  const refs = found.filter(each => typeof each === 'string');
  const known = refs.length > 0 ? await lookup(refs) : undefined;
  return found.map(each => {
    if (each === undefined) {
      return noEntity;
    }
    if (typeof each !== 'string') {
      return { facts: each };
    }
    const facts = known?.get(each);
    return facts
      ? { facts }
      : { facts: undefined, reason: `The catalog does not know ${each}` };
  });
}
