import fc from 'fast-check';
import {
  anyMishap,
  anyNumber,
  anySubscription,
  anyTopic,
  commandOf,
} from './Command';

const yearMs = 365 * 24 * 3_600_000;
const minuteMs = 60_000;

/** Removes what is dead, without any respite. */
export const removeDead = commandOf(
  'remove dead',
  fc.record({ replica: anyNumber, mishap: anyMishap }),
  async (world, { replica, mishap }) => {
    const { deliveries } = world.replicas[replica % world.replicas.length];
    const operation = await world.perform('remove dead', mishap, async () => {
      // So that one that died at this instant is old enough.
      await deliveries.removeDead(-yearMs, 1_000);
      return true as const;
    });
    world.history.deadRemovals.push(operation);
  },
);

/** Nobody has wanted a topic for long. It ends if another of the subscription is wanted. */
export const endTopic = commandOf(
  'end topic',
  fc.record({
    replica: anyNumber,
    subscriptionId: anySubscription,
    topic: anyTopic,
    mishap: anyMishap,
  }),
  async (world, { replica, subscriptionId, topic, mishap }) => {
    const { store, subscriptions } =
      world.replicas[replica % world.replicas.length];
    await world.perform('drop topic', undefined, () =>
      store
        .knex('callboard_subscription_topics')
        .where({ subscription_id: subscriptionId, topic })
        .update({ wanted_at: 0 }),
    );
    const operation = await world.perform('end topics', mishap, () =>
      subscriptions.endUnwantedTopics(minuteMs),
    );
    world.history.endings.push(operation);
  },
);

/** Nobody has read a subscription for long. It goes unless somebody has a batch of it, or reads it again meanwhile. */
export const expire = commandOf(
  'expire',
  fc.record({
    replica: anyNumber,
    subscriptionId: anySubscription,
    mishap: anyMishap,
  }),
  async (world, { replica, subscriptionId, mishap }) => {
    const { store, subscriptions } =
      world.replicas[replica % world.replicas.length];
    await world.perform('fall silent', undefined, () =>
      store
        .knex('callboard_subscriptions')
        .where({ id: subscriptionId })
        .update({ heartbeat_at: 0 }),
    );
    const operation = await world.perform('expire', mishap, () =>
      subscriptions.removeSilent(subscriptionId, minuteMs),
    );
    world.history.expirations.push({ subscriptionId, ...operation });
  },
);
