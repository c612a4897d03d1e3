import type { EventParams } from '@backstage/plugin-events-node';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { acceptEvent, type AcceptOptions } from '../../../model/acceptEvent';

/** When events of tests were appended, in milliseconds since the epoch. */
export const appendedAtMs = Date.parse('2026-11-26T10:00:00.123Z');

/**
 * Makes an event of the log from what was published, as accepting it does.
 *
 * @param options - its source is `test` unless given
 */
export function makeLogEvent(
  params: EventParams,
  options: Partial<AcceptOptions> = {},
): LogEvent {
  const [event] = acceptEvent(params, {
    source: 'test',
    maxPayloadBytes: 1_000_000,
    ...options,
  });
  return { ...event, position: 1, timeMs: appendedAtMs };
}
