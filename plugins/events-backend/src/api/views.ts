import type {
  DeliveryState,
  DeliveryView,
  EventSummary,
  SubscriptionView,
} from '@callboard/backstage-plugin-events-common';
import type { DeliveryRow } from '../deliveries';
import type { EventHead } from '../log';
import { everyTopic, type Subscription } from '../subscriptions';

/** An event of the log, for a list. */
export function toEventSummary(row: EventHead): EventSummary {
  return {
    id: row.id,
    position: Number(row.position),
    topic: row.topic,
    key: row.key,
    time: toInstant(row.time),
    size: row.size,
  };
}

/** A delivery. */
export function toDeliveryView(row: DeliveryRow): DeliveryView {
  return {
    subscriptionId: row.subscription_id,
    eventId: row.event_id,
    position: Number(row.position),
    topic: row.topic,
    key: row.key,
    state: row.state,
    attempts: row.attempts,
    dueAt: toInstant(row.due_at),
    lastError: row.last_error,
    updatedAt: toInstant(row.updated_at),
  };
}

/** A subscription, with what was counted of it. */
export function toSubscriptionView(
  subscription: Subscription,
  counts: { lag: number; owed: ReadonlyMap<DeliveryState, number> },
): SubscriptionView {
  const { lag, owed } = counts;
  return {
    id: subscription.id,
    topics: subscription.topics
      .filter(({ to }) => to === undefined)
      .map(({ topic }) => (topic === everyTopic ? '**' : topic)),
    cursor: subscription.cursor,
    lag,
    owed: {
      due: owed.get('due') ?? 0,
      blocked: owed.get('blocked') ?? 0,
      claimed: owed.get('claimed') ?? 0,
      dead: owed.get('dead') ?? 0,
    },
    createdAt: toInstant(subscription.createdAtMs),
    heartbeatAt: toInstant(subscription.heartbeatAtMs),
    lastError: subscription.lastError ?? null,
    lastErrorAt:
      subscription.lastErrorAtMs === undefined
        ? null
        : toInstant(subscription.lastErrorAtMs),
  };
}

function toInstant(ms: number | string): string {
  return new Date(Number(ms)).toISOString();
}
