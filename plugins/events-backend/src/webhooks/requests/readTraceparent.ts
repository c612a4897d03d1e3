import {
  eventMetadata,
  type LogEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Metadata } from '../../model/headers';

/** W3C Trace Context, section 3.2. */
const pattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The trace of the span that accepted an event, as a `traceparent` of W3C Trace Context.
 *
 * @returns undefined when it was accepted outside of any
 */
export function readTraceparent(event: LogEvent): string | undefined {
  const stored: Metadata = JSON.parse(event.metadata);
  const trace = stored[eventMetadata.trace];
  return typeof trace === 'string' && pattern.test(trace) ? trace : undefined;
}
