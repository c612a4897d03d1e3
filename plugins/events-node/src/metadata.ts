import type { EventParams } from '@backstage/plugin-events-node';

/**
 * Names in an event's metadata that belong to Callboard.
 *
 * @remarks
 * A handler finds them in the metadata of each event. A publisher may set `id`, `key`, `source` and
 * `correlationId` (see {@link createEventParams}). From outside they are not accepted: an ingress drops
 * every header that starts with `callboard-`, so no sender can take another event's id.
 *
 * @public
 */
export const eventMetadata = {
  /** The event's id, a UUID; stable over retries and redeliveries. */
  id: 'callboard-event-id',
  /** The topic it was stored under; tells a republished event from a repeated one. */
  topic: 'callboard-event-topic',
  /** What it stays in order by. */
  key: 'callboard-event-key',
  /** When it was appended, ISO 8601. */
  time: 'callboard-event-time',
  /** The plugin or ingress that it came from, such as `catalog` or `http/github`. */
  source: 'callboard-event-source',
  /** Ties together events that come from one cause. */
  correlationId: 'callboard-correlation-id',
  /** Which attempt this is, from 1. */
  attempt: 'callboard-attempt',
  /** W3C trace context of the span that accepted the event; `traceparent` stays as the sender set it. */
  trace: 'callboard-traceparent',
  /** Ids of subscriptions that were given the event in the publisher's process, before it was published here. */
  notified: 'callboard-notified',
} as const;

/**
 * The prefix of every name in {@link eventMetadata}.
 *
 * @public
 */
export const eventMetadataPrefix = 'callboard-';

/**
 * What a publisher can say about an event besides topic, payload and metadata.
 *
 * @public
 */
export interface EventDescription {
  /** A UUID. The same id is stored once, so publishing again after a failure is safe. */
  id?: string;
  /** Events with the same key are handled one at a time and in order, per subscription. */
  key?: string;
  /** Ties together events that come from one cause. */
  correlationId?: string;
}

/**
 * Makes parameters for the `publish` of the stock events service that carry an id, a key or a correlation id.
 *
 * @param event - the event and what is known about it
 * @returns parameters that any `EventsService` accepts; one that is not Callboard's passes the additions on as metadata
 *
 * @example
 * ```ts
 * await events.publish(
 *   createEventParams({ topic: 'deployments', eventPayload, key: entityRef }),
 * );
 * ```
 *
 * @public
 */
export function createEventParams<TPayload>(
  event: EventParams<TPayload> & EventDescription,
): EventParams<TPayload> {
  const { id, key, correlationId, ...params } = event;
  return {
    ...params,
    metadata: {
      ...params.metadata,
      // An id of its own: not derived from the event whose metadata are passed on.
      ...(id !== undefined && {
        [eventMetadata.id]: id,
        [eventMetadata.topic]: undefined,
      }),
      ...(key !== undefined && { [eventMetadata.key]: key }),
      ...(correlationId !== undefined && {
        [eventMetadata.correlationId]: correlationId,
      }),
    },
  };
}

/**
 * Reads what Callboard says about an event that a handler was given.
 *
 * @param params - as passed to `onEvent`
 * @returns what the metadata holds; empty for an event that did not come through Callboard
 *
 * @public
 */
export function describeEvent(params: EventParams): EventDescription & {
  time?: string;
  source?: string;
  attempt?: number;
} {
  const read = (name: string) => {
    const value = params.metadata?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const attempt = read(eventMetadata.attempt);
  return {
    id: read(eventMetadata.id),
    key: read(eventMetadata.key),
    time: read(eventMetadata.time),
    source: read(eventMetadata.source),
    correlationId: read(eventMetadata.correlationId),
    attempt: attempt === undefined ? undefined : Number(attempt),
  };
}
