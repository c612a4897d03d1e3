import type {
  Attempt,
  Recipient,
} from '@callboard/backstage-plugin-events-common';
import type { AttemptRow } from '../deliveries';
import { toEndpointId } from '../endpoints';
import { wasNotified } from '../model/notified';
import { names, wants, type Subscription } from '../subscriptions';
import type { EventTraces } from './readTraces';

/** What is known about an event's way to its subscribers. */
export interface EventFacts extends Omit<EventTraces, 'event'> {
  event: { position: number; topic: string; metadata: string };
  /** Endpoints that the event concerns. They choose by more than topics. */
  endpoints: readonly Recipient[];
}

/**
 * Says who got an event, who did not and why, and what happens next.
 */
export function explainEvent(facts: EventFacts): {
  explanation: string;
  recipients: Recipient[];
} {
  const { event, subscriptions, endpoints } = facts;
  const handlers = subscriptions
    .filter(({ id }) => toEndpointId(id) === undefined)
    .filter(
      subscription =>
        names(subscription.topics, event.topic) ||
        facts.deliveries.some(row => row.subscription_id === subscription.id),
    )
    .map(subscription => explainRecipient(subscription, facts));
  const recipients = [...handlers, ...endpoints];
  return { recipients, explanation: summarize(recipients, facts) };
}

function summarize(
  recipients: readonly Recipient[],
  { event: { topic }, isEphemeral, endpoints }: EventFacts,
): string {
  const count = (status: Recipient['status']) =>
    recipients.filter(recipient => recipient.status === status).length;
  const wanted = recipients.length - count('not-wanted');
  if (wanted === 0 && endpoints.length > 0) {
    return `Nobody wanted it: no handler was subscribed to topic '${topic}' when this event came, and no endpoint chooses it`;
  }
  if (wanted === 0) {
    return `Nobody was subscribed to topic '${topic}' when this event came, so nobody was given it`;
  }
  if (isEphemeral) {
    const given = count('tried') + count('delivered');
    return `Given to ${given} of ${wanted} subscriptions. Topic '${topic}' is ephemeral: each is given an event once, and how that went is not kept`;
  }
  return `Delivered to ${count('delivered')} of ${wanted} subscriptions`;
}

function explainRecipient(
  subscription: Subscription,
  { event, isEphemeral, deliveries, attempts, claimed }: EventFacts,
): Recipient {
  const { id, cursor, topics } = subscription;
  const delivery = deliveries.find(row => row.subscription_id === id);
  const tried = attempts
    .filter(row => row.subscription_id === id)
    .map(toAttempt);
  const recipient = (
    status: Recipient['status'],
    explanation: string,
    dueAt?: string,
  ): Recipient => ({
    subscriptionId: id,
    status,
    explanation,
    attempts: tried,
    ...(dueAt && { dueAt }),
  });

  if (delivery) {
    const dueAt = new Date(Number(delivery.due_at)).toISOString();
    const failure = delivery.last_error ? ` (${delivery.last_error})` : '';
    switch (delivery.state) {
      case 'due':
        return recipient(
          'due',
          `Attempt ${delivery.attempts + 1} follows at ${dueAt}${failure}`,
          dueAt,
        );
      case 'blocked':
        return recipient(
          'blocked',
          `Waits behind an earlier event with key '${delivery.key}'`,
        );
      case 'claimed':
        return recipient(
          'claimed',
          `Attempt ${delivery.attempts + 1} is under way`,
        );
      case 'delivered':
        return recipient(
          'delivered',
          `Delivered at attempt ${tried.at(-1)?.number ?? delivery.attempts}`,
        );
      case 'dead':
        return recipient(
          'dead',
          `Given up after ${delivery.attempts} attempts${failure}; it can be replayed`,
        );
      default:
        throw new Error(`Unknown state ${JSON.stringify(delivery.state)}`);
    }
  }
  if (!wants(topics, event)) {
    return recipient(
      'not-wanted',
      topics.some(({ from }) => event.position <= from)
        ? `Subscribed to '${event.topic}' only after this event`
        : `Was not subscribed to '${event.topic}' any more when this event came`,
    );
  }
  if (wasNotified(event, id)) {
    return recipient(
      'delivered',
      'Handled in the process of its publisher, as that said',
    );
  }
  if (claimed.get(id)?.has(event.position)) {
    return recipient('claimed', 'The first attempt is under way');
  }
  const last = tried.at(-1);
  if (last && last.outcome !== 'delivered') {
    return recipient(
      'dead',
      `Given up after ${tried.length} attempts (${last.error}), longer ago than dead deliveries are kept; it can be replayed`,
    );
  }
  if (cursor < event.position) {
    return recipient(
      'waiting',
      `The subscription has read up to position ${cursor}, this event is at ${event.position}`,
    );
  }
  if (isEphemeral) {
    // Nothing is written of what went well, nor of what failed. A reader that vanished may not even have begun.
    return recipient(
      'tried',
      `Claimed to be given to a handler once. Whether the handler succeeded is not kept, because topic '${event.topic}' is ephemeral`,
    );
  }
  return recipient('delivered', 'Delivered at the first attempt');
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    number: row.number,
    time: new Date(Number(row.time)).toISOString(),
    outcome: row.outcome,
    durationMs: row.duration_ms,
    error: row.error,
  };
}
