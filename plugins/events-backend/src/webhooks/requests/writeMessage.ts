import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { selectMetadata } from './selectMetadata';

/**
 * Writes an event as a message of the contract: JSON with `topic`, `eventPayload` and `metadata`.
 *
 * @remarks
 * The payload stands in it as it was stored. To parse it and write it again would take longer, and change it: a number
 * beyond 2^53 would be another one.
 */
export function writeMessage(event: LogEvent): string {
  const topic = JSON.stringify(event.topic);
  const metadata = JSON.stringify(selectMetadata(event));
  return `{"topic":${topic},"eventPayload":${event.payload},"metadata":${metadata}}`;
}
