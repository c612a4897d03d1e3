import type { RetryWish } from '@callboard/backstage-plugin-events-node/bus';

/**
 * How long a standing subscription may be without a reader, in milliseconds: longer than since the epoch, and a whole
 * number of doubles.
 */
export const neverMs = Number.MAX_SAFE_INTEGER;

/** A row of `callboard_subscriptions`. */
export interface SubscriptionRow {
  id: string;
  cursor: number | string;
  created_at: number | string;
  heartbeat_at: number | string;
  last_error: string | null;
  last_error_at: number | string | null;
  retry: string | null;
  wish: string;
}

/** A row of `callboard_subscription_topics`. */
export interface SubscriptionTopicRow {
  subscription_id: string;
  topic: string;
  from_position: number | string;
  to_position: number | string | null;
}

/** A topic that a subscription wants, behind one position and up to another. */
export interface WantedTopic {
  topic: string;
  /** Exclusive. */
  from: number;
  /** Inclusive; undefined while the topic is wanted. */
  to: number | undefined;
}

/** A subscription. Times in milliseconds since the epoch. */
export interface Subscription {
  id: string;
  cursor: number;
  topics: WantedTopic[];
  /** Another one whenever a topic is added or ended. */
  wish: string;
  createdAtMs: number;
  heartbeatAtMs: number;
  lastError: string | undefined;
  lastErrorAtMs: number | undefined;
  /** What it says about retries; undefined for what is configured. */
  retry: RetryWish | undefined;
}

/** Puts a subscription together from its rows. */
export function toSubscription(
  row: SubscriptionRow,
  topics: readonly SubscriptionTopicRow[],
): Subscription {
  return {
    id: row.id,
    cursor: Number(row.cursor),
    topics: topics.map(toWantedTopic),
    wish: row.wish,
    createdAtMs: Number(row.created_at),
    heartbeatAtMs: Number(row.heartbeat_at),
    lastError: row.last_error ?? undefined,
    lastErrorAtMs:
      row.last_error_at === null ? undefined : Number(row.last_error_at),
    retry: row.retry === null ? undefined : JSON.parse(row.retry),
  };
}

function toWantedTopic(row: SubscriptionTopicRow): WantedTopic {
  return {
    topic: row.topic,
    from: Number(row.from_position),
    to: row.to_position === null ? undefined : Number(row.to_position),
  };
}

/** Wanted in place of a topic, means all of them: no topic is empty. */
export const everyTopic = '';

/** Whether a subscription names a topic among those that it wants or wanted. */
export function names(
  topics: readonly { topic: string }[],
  name: string,
): boolean {
  return topics.some(({ topic }) => topic === name || topic === everyTopic);
}

/** Whether a subscription wants an event. */
export function wants(
  topics: readonly WantedTopic[],
  event: { topic: string; position: number },
): boolean {
  return topics.some(
    ({ topic, from, to }) =>
      (topic === event.topic || topic === everyTopic) &&
      event.position > from &&
      (to === undefined || event.position <= to),
  );
}

/** Topics that a subscription wants now. */
export function wantedTopics({ topics }: Subscription): ReadonlySet<string> {
  return new Set(
    topics.filter(({ to }) => to === undefined).map(({ topic }) => topic),
  );
}

/** Topics that a subscription may still find something of behind its cursor; undefined for all. */
export function topicsBehind({
  topics,
  cursor,
}: Subscription): string[] | undefined {
  const behind = new Set(
    topics
      .filter(({ to }) => to === undefined || to > cursor)
      .map(({ topic }) => topic),
  );
  return behind.has(everyTopic) ? undefined : [...behind];
}
