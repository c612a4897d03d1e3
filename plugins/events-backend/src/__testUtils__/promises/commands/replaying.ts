import type { ReplayRequest } from '@callboard/backstage-plugin-events-common';
import fc from 'fast-check';
import { replayEvents } from '../../../api/replayEvents';
import { InProcessNotifier } from '../../../notifiers';
import type { EventName } from '../History';
import type { Mishap } from '../Stepper';
import type { World } from '../World';
import {
  anyMishap,
  anyNumber,
  anySubscription,
  anyTopic,
  commandOf,
  pick,
} from './Command';

/** Asks for events again, as a person does through the API. */
export async function replay(
  world: World,
  replica: number,
  subscriptionId: string,
  request: Pick<ReplayRequest, 'eventId' | 'query'>,
  mishap?: Mishap,
): Promise<void> {
  const { eventId, query } = request;
  const operation = await world.perform('replay', mishap, async () => {
    await replayEvents(
      { ...world.replicas[replica], notifier: new InProcessNotifier() },
      { dryRun: false, subscriptionId, ...request },
    );
    return true as const;
  });
  world.history.replays.push({
    ...operation,
    subscriptionId,
    named: new Set(eventId === undefined ? [] : [eventId]),
    mayMean: ({ id, topic }: EventName) =>
      eventId === undefined
        ? query?.topic === undefined || query.topic === topic
        : eventId === id,
  });
}

export const replayOne = commandOf(
  'replay one',
  fc.record({
    replica: anyNumber,
    subscriptionId: anySubscription,
    which: anyNumber,
    mishap: anyMishap,
  }),
  async (world, { replica, subscriptionId, which, mishap }) => {
    const events = world.history.appends.flatMap(append => append.events);
    const event = pick(events, which);
    if (event) {
      await replay(
        world,
        replica % world.replicas.length,
        subscriptionId,
        { eventId: event.id },
        mishap,
      );
    }
  },
);

export const replayMany = commandOf(
  'replay many',
  fc.record({
    replica: anyNumber,
    subscriptionId: anySubscription,
    query: fc.oneof(
      fc.constant<ReplayRequest['query']>({ state: 'dead' }),
      fc.record({ topic: anyTopic }),
    ),
    mishap: anyMishap,
  }),
  (world, { replica, subscriptionId, query, mishap }) =>
    replay(
      world,
      replica % world.replicas.length,
      subscriptionId,
      { query },
      mishap,
    ),
);
