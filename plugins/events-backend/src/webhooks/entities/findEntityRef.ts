import {
  catalogEntityChange,
  scaffolderTaskComplete,
} from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';
import type { EntityFacts, FilteredEvent } from '../filtering';
import { readEntityFacts } from './readEntityFacts';
import { completeRef, readWholeRef } from './wholeRef';

/** What tells which entity an event is about. */
export type SubjectOfEvent = Pick<FilteredEvent, 'topic' | 'key' | 'payload'>;

const payloadSchema = z.object({
  entity: z.unknown().optional(),
  entityRef: z.unknown().optional(),
  templateRef: z.unknown().optional(),
});

/**
 * Finds which entity an event is about. The first of these that gives a reference:
 *
 * 1. of the topic `catalog`, the entity in the payload, which is the one that changed,
 * 2. `entityRef` of the payload, as in builds of TechDocs; without a namespace it is in `default`,
 * 3. of the topic `scaffolder`, `templateRef` of the payload,
 * 4. the key, if it is a whole reference, such as `component:default/my-service`.
 *
 * @returns in small letters, as `stringifyEntityRef` gives it; undefined when the event is about no entity
 */
export function findEntityRef(event: SubjectOfEvent): string | undefined {
  const { topic, key } = event;
  const payload = readPayload(event);
  return (
    findChangedEntity(event)?.ref ??
    completeRef(payload?.entityRef) ??
    (topic === scaffolderTaskComplete.name
      ? completeRef(payload?.templateRef)
      : undefined) ??
    (key === undefined ? undefined : readWholeRef(key))
  );
}

/**
 * Reads the entity that changed from a change of the catalog: as it is from now on, or as it was last. Nobody needs to
 * ask the catalog, which no longer knows one that was deleted.
 *
 * @returns undefined for any other event
 */
export function findChangedEntity(
  event: SubjectOfEvent,
): EntityFacts | undefined {
  return event.topic === catalogEntityChange.name
    ? readEntityFacts(readPayload(event)?.entity)
    : undefined;
}

function readPayload({ payload }: SubjectOfEvent) {
  return payloadSchema.safeParse(payload).data;
}
