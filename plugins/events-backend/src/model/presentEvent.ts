import type { EventParams } from '@backstage/plugin-events-node';
import {
  eventMetadata,
  type LogEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Metadata } from './headers';

/**
 * Turns an event of the log into what a handler is given: topic, payload and metadata as they were sent, and what
 * Callboard knows about the event added to the metadata under names of its own.
 *
 * @param event - of the log
 * @param attempt - from 1
 */
export function presentEvent(event: LogEvent, attempt: number): EventParams {
  return {
    topic: event.topic,
    eventPayload: JSON.parse(event.payload),
    metadata: presentMetadata(event, attempt),
  };
}

/** The metadata that a handler is given. */
export function presentMetadata(event: LogEvent, attempt: number): Metadata {
  const stored: Metadata = JSON.parse(event.metadata);
  const trace = stored[eventMetadata.trace];
  return {
    ...(trace !== undefined && { traceparent: trace }),
    ...stored,
    [eventMetadata.id]: event.id,
    [eventMetadata.topic]: event.topic,
    [eventMetadata.time]: new Date(event.timeMs).toISOString(),
    [eventMetadata.attempt]: String(attempt),
    ...(event.key !== undefined && { [eventMetadata.key]: event.key }),
  };
}
