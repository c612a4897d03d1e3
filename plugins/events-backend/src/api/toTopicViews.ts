import type { TopicView } from '@callboard/backstage-plugin-events-common';
import { toSubscriptionId, type Endpoint } from '../endpoints';
import type { SqlEventLog } from '../log';
import { fitsPattern } from '../model/topicPattern';
import { everyTopic, type Subscription } from '../subscriptions';

/** Stands for every topic, as in the settings of endpoints. */
const everything = ['**'];

/** Presents the topics that the log has events of, that have an ingress, or that somebody wants by name. */
export function toTopicViews({
  inLog,
  subscriptions,
  endpoints,
  ingresses,
}: {
  inLog: Awaited<ReturnType<SqlEventLog['topics']>>;
  subscriptions: readonly Pick<Subscription, 'id' | 'topics'>[];
  endpoints: readonly Pick<Endpoint, 'id' | 'settings'>[];
  ingresses: readonly string[];
}): TopicView[] {
  const patterns = new Map(
    endpoints.map(({ id, settings }) => [
      toSubscriptionId(id),
      settings.topics,
    ]),
  );
  const subscribers = subscriptions.map(({ id, topics }) => ({
    id,
    wanted: new Set(
      topics.filter(({ to }) => to === undefined).map(({ topic }) => topic),
    ),
    // Whoever names patterns is subscribed to every topic, and chooses among them.
    patterns: patterns.get(id) ?? everything,
  }));
  const names = new Set([
    ...inLog.map(({ topic }) => topic),
    ...subscribers.flatMap(({ wanted }) => [...wanted]),
    ...ingresses,
  ]);
  names.delete(everyTopic);
  return [...names].sort().map(topic => {
    const newest = inLog.find(row => row.topic === topic);
    return {
      topic,
      ingress: ingresses.includes(topic),
      lastPosition: newest?.lastPosition ?? null,
      lastTime: newest ? new Date(newest.lastTimeMs).toISOString() : null,
      subscriptions: subscribers
        .filter(
          subscriber =>
            subscriber.wanted.has(topic) ||
            (subscriber.wanted.has(everyTopic) &&
              subscriber.patterns.some(pattern => fitsPattern(topic, pattern))),
        )
        .map(({ id }) => id),
    };
  });
}
