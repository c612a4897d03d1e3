import {
  eventMetadata,
  type LogEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Metadata } from './headers';

/** Within a text of JSON, only the name itself looks like this: quotation marks within a value are escaped. */
const mark = `"${eventMetadata.notified}":`;

/**
 * Whether the publisher of an event has given it to a subscription in its own process, and said so.
 *
 * @remarks
 * Asked of every event that is claimed, so it reads the metadata of those only that name anybody.
 */
export function wasNotified(
  event: Pick<LogEvent, 'metadata'>,
  subscriptionId: string,
): boolean {
  if (!event.metadata.includes(mark)) {
    return false;
  }
  const metadata: Metadata = JSON.parse(event.metadata);
  const notified = metadata[eventMetadata.notified];
  return Array.isArray(notified) && notified.includes(subscriptionId);
}
