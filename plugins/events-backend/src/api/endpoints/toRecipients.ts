import type {
  Attempt,
  Recipient,
} from '@callboard/backstage-plugin-events-common';
import type { AttemptRow } from '../../deliveries';
import { toSubscriptionId, type EndpointAttempt } from '../../endpoints';
import type { EndpointPredicate } from './endpointRules';
import { toInstant } from './endpointViews';
import {
  explainEndpointEvent,
  type EndpointEventFacts,
} from './explainEndpointEvent';
import type { EndpointEvent } from './readEndpointEvents';

/**
 * Presents endpoints as recipients of an event, by the id of their subscription.
 *
 * @param rows - attempts that are written with the deliveries: those whose process vanished are written there alone
 * @param maySee - of what other endpoints choose by, nothing is said
 */
export function toRecipients(
  events: readonly EndpointEvent[],
  rows: readonly AttemptRow[],
  maySee: EndpointPredicate,
): Map<string, Recipient> {
  return new Map(
    events.map((event): [string, Recipient] => {
      const subscriptionId = toSubscriptionId(event.endpoint.id);
      const lapsed = rows.filter(
        row =>
          row.subscription_id === subscriptionId && row.outcome === 'lapsed',
      );
      return [
        subscriptionId,
        {
          subscriptionId,
          ...explainEndpointEvent(
            maySee(event.endpoint.settings)
              ? event.facts
              : hideChoice(event.facts),
          ),
          attempts: [
            ...event.attempts.map(toRecipientAttempt),
            ...lapsed.map(toLapsed),
          ].sort((one, other) => one.time.localeCompare(other.time)),
        },
      ];
    }),
  );
}

function hideChoice(facts: EndpointEventFacts): EndpointEventFacts {
  const { selection } = facts;
  return selection.matches === false
    ? {
        ...facts,
        selection: { ...selection, reason: 'The endpoint does not choose it' },
      }
    : facts;
}

function toRecipientAttempt(attempt: EndpointAttempt): Attempt {
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
