import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import fc from 'fast-check';
import { makeEvent } from '../../makeEvent';
import type { Mishap } from '../Stepper';
import type { World } from '../World';
import {
  anyMishap,
  anyNumber,
  anyTopic,
  commandOf,
  pick,
  seldom,
} from './Command';

async function append(
  world: World,
  replica: number,
  events: NewEvent[],
  mishap: Mishap | undefined,
): Promise<void> {
  const { log } = world.replicas[replica % world.replicas.length];
  const operation = await world.perform('append', mishap, () =>
    log.append(events),
  );
  world.history.appends.push({ events, ...operation });
}

/** Publishes a few events at once. Those without a text of their own share their content, as subtopics do. */
export const publish = commandOf(
  'publish',
  fc.record({
    replica: anyNumber,
    events: fc.array(
      fc.record({
        topic: anyTopic,
        key: fc.constantFrom('x', 'x', 'y', undefined),
        deduplicationId: seldom(fc.constantFrom('d1', 'd2', 'd3')),
        payload: fc.constantFrom('"shared"', '"shared"', '"its own"'),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    mishap: anyMishap,
  }),
  (world, { replica, events, mishap }) =>
    append(
      world,
      replica,
      events.map(({ topic, ...fields }) => makeEvent(topic, fields)),
      mishap,
    ),
);

/** Publishes again what was published before, because the answer was lost or the sender is not sure. */
export const publishAgain = commandOf(
  'publish again',
  fc.record({ replica: anyNumber, which: anyNumber, mishap: anyMishap }),
  async (world, { replica, which, mishap }) => {
    const { appends } = world.history;
    const lost = appends.filter(({ answer }) => answer === undefined);
    const before = pick(lost.length > 0 ? lost : appends, which);
    if (before && !world.trimmed) {
      world.publishingAgain += 1;
      await append(world, replica, before.events, mishap);
      world.publishingAgain -= 1;
    }
  },
);
