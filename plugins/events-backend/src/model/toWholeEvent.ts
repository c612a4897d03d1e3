import type { WholeEvent } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';

/** Turns an event of the log into what a reader outside is given: everything it carries. */
export function toWholeEvent(event: LogEvent): WholeEvent {
  return {
    id: event.id,
    position: event.position,
    topic: event.topic,
    key: event.key ?? null,
    time: new Date(event.timeMs).toISOString(),
    size: event.size,
    payload: JSON.parse(event.payload),
    metadata: JSON.parse(event.metadata),
  };
}
