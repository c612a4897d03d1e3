import type { EventParams } from '@backstage/plugin-events-node';
import { createEventParams } from '../../metadata';
import type { ClaimedBatch, ClaimedEvent, HandledEvent } from '../ClaimedBatch';
import type { HandlingObserver } from '../HandlingObserver';

/** A claimed event; what is not said is as in the first attempt of one without a key. */
export function makeClaimed(fields: Partial<ClaimedEvent> = {}): ClaimedEvent {
  const { position = 1, topic = 't', key } = fields;
  return {
    position,
    id: `event ${position}`,
    topic,
    key,
    timeMs: 0,
    attempt: 1,
    present: (): EventParams =>
      createEventParams({ topic, eventPayload: position, key }),
    ...fields,
  };
}

/** A batch of subscription `s`. */
export function makeBatch(
  events: readonly ClaimedEvent[],
  fields: Partial<ClaimedBatch> = {},
): ClaimedBatch {
  return {
    ticket: `ticket of ${events.map(({ position }) => position).join()}`,
    subscriptionId: 's',
    leaseMs: 30_000,
    leasedFromMs: performance.now(),
    events: [...events],
    ...fields,
  };
}

/** What became of each event, by position. */
export function kindsOf(
  handled: readonly HandledEvent[],
): Record<number, HandledEvent['outcome']['kind']> {
  return Object.fromEntries(
    handled.map(({ event, outcome }) => [event.position, outcome.kind]),
  );
}

/** Measures nothing. */
export const blindObserver: HandlingObserver = {
  observeHandling: (_, handle) => handle(),
  onLapsed() {},
};
