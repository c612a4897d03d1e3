import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { deriveEventId, isEventId, newEventId } from './eventId';
import { eventMetadata } from './metadata';

const ours = new Set<string>(Object.values(eventMetadata));

/**
 * An event's name, and what its publisher said about it.
 *
 * @public
 */
export interface NamedEvent {
  id: string;
  key: string | undefined;
  /** What the publisher gave, or else the id of the event that this one is made from. */
  correlationId: string | undefined;
  /** The publisher's own metadata: without the names that belong to Callboard. */
  metadata: Record<string, string | string[]>;
}

/**
 * Gives an event its id, and takes apart what its metadata hold.
 *
 * @remarks
 * The id is the one that the publisher gave, or a new one. A handler that publishes with the metadata of the event it
 * was given (as the stock routers do) makes an event from another; such an event gets an id derived from the first,
 * from its topic and its payload, so that making it again after a retry stores nothing twice.
 *
 * @param params - as given to `publish`
 * @param payload - of the event, as JSON text
 * @throws InputError when the given id is no UUID
 *
 * @public
 */
export function nameEvent(params: EventParams, payload: string): NamedEvent {
  const given = params.metadata ?? {};
  const givenId = readText(given, eventMetadata.id);
  // The metadata of an event that a handler was given name its topic; a publisher's own do not.
  const isDerived =
    givenId !== undefined && given[eventMetadata.topic] !== undefined;
  return {
    id: chooseId(givenId, isDerived, params.topic, payload),
    key: readText(given, eventMetadata.key),
    correlationId:
      readText(given, eventMetadata.correlationId) ??
      (isDerived ? givenId : undefined),
    metadata: withoutOurs(given),
  };
}

function chooseId(
  givenId: string | undefined,
  isDerived: boolean,
  topic: string,
  payload: string,
): string {
  if (givenId === undefined) {
    return newEventId();
  }
  if (!isEventId(givenId)) {
    throw new InputError(
      `The metadata '${eventMetadata.id}' must be a UUID, got '${givenId.slice(
        0,
        64,
      )}'`,
    );
  }
  return isDerived
    ? deriveEventId(givenId, topic, payload)
    : givenId.toLowerCase();
}

function withoutOurs(
  metadata: NonNullable<EventParams['metadata']>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, value]) =>
      value === undefined || ours.has(name) ? [] : [[name, value]],
    ),
  );
}

function readText(
  metadata: NonNullable<EventParams['metadata']>,
  name: string,
): string | undefined {
  const value = metadata[name];
  return typeof value === 'string' ? value : undefined;
}
