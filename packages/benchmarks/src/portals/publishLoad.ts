import { setTimeout as delay } from 'node:timers/promises';
import type { EventsService } from '@backstage/plugin-events-node';
import { distribute } from '../report/statistics';
import { nowUs } from './clock';
import type { Load, LoadOutcome } from './orders';
import { createPayloads } from './payload';

/** Publishes a load, as concurrent publishers of a plugin do. */
export async function publishLoad(
  events: EventsService,
  load: Load,
): Promise<LoadOutcome> {
  const { topic, publishers, ratePerSecond } = load;
  const { amount = Infinity, seconds = Infinity } = load;
  const createPayload = createPayloads(load);
  const publishMs: number[] = [];
  let taken = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  const firstAtUs = nowUs();
  const endAtUs = firstAtUs + seconds * 1e6;

  const publish = async () => {
    for (;;) {
      const number = taken;
      const dueAtUs = ratePerSecond
        ? firstAtUs + (number / ratePerSecond) * 1e6
        : 0;
      if (number >= amount || Math.max(nowUs(), dueAtUs) >= endAtUs) {
        return;
      }
      taken += 1;
      const waitMs = (dueAtUs - nowUs()) / 1e3;
      if (waitMs > 0) {
        await delay(waitMs);
      }
      const publishedAtUs = nowUs();
      try {
        await events.publish({
          topic,
          eventPayload: createPayload(number, publishedAtUs),
        });
      } catch (error) {
        failures += 1;
        firstFailure ??= String(error);
      }
      publishMs.push((nowUs() - publishedAtUs) / 1e3);
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
  return {
    published: taken,
    failures,
    firstFailure,
    firstAtUs,
    lastAtUs: nowUs(),
    publishMs: distribute(publishMs),
  };
}
