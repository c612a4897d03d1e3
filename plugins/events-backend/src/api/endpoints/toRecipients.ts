import type {
  Attempt,
  Recipient,
} from '@callboard/backstage-plugin-events-common';
import type { AttemptRow } from '../../deliveries';
import { toSubscriptionId, type AttemptHead } from '../../endpoints';
import type { EndpointPredicate } from './endpointRules';
import { toInstant } from './endpointViews';
import { explainEndpointEvent } from './explainEndpointEvent';
import type { EndpointEvent } from './readEndpointEvents';

/**
 * Presents endpoints as recipients of an event.
 *
 * @param rows - attempts that are written with the deliveries: those whose process vanished are written there alone
 * @param maySee - of other endpoints no more is told than how the event fared, since nobody is left out of the count
 */
export function toRecipients(
  events: readonly EndpointEvent[],
  rows: readonly AttemptRow[],
  maySee: EndpointPredicate,
): Recipient[] {
  return events.map(event =>
    maySee(event.endpoint.settings)
      ? toRecipient(event, rows)
      : toHiddenRecipient(event),
  );
}

function toRecipient(
  { endpoint, attempts, facts }: EndpointEvent,
  rows: readonly AttemptRow[],
): Recipient {
  const subscriptionId = toSubscriptionId(endpoint.id);
  const lapsed = rows.filter(
    row => row.subscription_id === subscriptionId && row.outcome === 'lapsed',
  );
  return {
    subscriptionId,
    ...explainEndpointEvent(facts),
    attempts: [
      ...attempts.map(toRecipientAttempt),
      ...lapsed.map(toLapsed),
    ].sort((one, other) => one.time.localeCompare(other.time)),
  };
}

/** Its failures may name the receiver, and why it is paused is for those who look after it. */
function toHiddenRecipient({ facts }: EndpointEvent): Recipient {
  return {
    subscriptionId: null,
    status: explainEndpointEvent(facts).status,
    explanation: 'An endpoint that you may not see',
    attempts: [],
  };
}

function toRecipientAttempt(attempt: AttemptHead): Attempt {
  const { number, startedAtMs, durationMs, outcome, reason } = attempt;
  const isDelivered = outcome === 'delivered';
  return {
    number,
    time: toInstant(startedAtMs + durationMs),
    outcome: isDelivered ? 'delivered' : 'failed',
    durationMs: Math.round(durationMs),
    error: isDelivered ? null : reason,
  };
}

function toLapsed(row: AttemptRow): Attempt {
  return {
    number: row.number,
    time: toInstant(Number(row.time)),
    outcome: 'lapsed',
    durationMs: row.duration_ms,
    error: row.error,
  };
}
