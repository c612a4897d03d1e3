import { InputError } from '@backstage/errors';
import type { EventsService } from '@backstage/plugin-events-node';
import {
  isDurable,
  maxEventsAtOnce,
} from '@callboard/backstage-plugin-events-node';
import { nowUs } from './clock';
import type { Orders } from './orders';
import { createPayloads } from './payload';

const groupsAtOnce = 2;

/** Publishes many events in as few commits as can be. */
export async function publishGroups(
  events: EventsService,
  load: Orders['publishGroups']['order'],
): Promise<void> {
  if (!isDurable(events)) {
    throw new InputError('Only Callboard publishes several events at once');
  }
  const createPayload = createPayloads(load);
  let taken = 0;
  const publish = async () => {
    while (taken < load.amount) {
      const first = taken;
      taken = Math.min(load.amount, taken + maxEventsAtOnce);
      await events.publishAll(
        Array.from({ length: taken - first }, (_, index) => ({
          topic: load.topic,
          eventPayload: createPayload(first + index, nowUs()),
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: groupsAtOnce }, publish));
}
