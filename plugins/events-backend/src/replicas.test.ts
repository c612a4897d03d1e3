import { isDurable } from '@callboard/backstage-plugin-events-node';
import {
  createParticipant,
  createRecorder,
} from './__testUtils__/createParticipant';
import { openEavesdropper } from './__testUtils__/openEavesdropper';
import { startPortal } from './__testUtils__/startPortal';
import { createTestStores } from './__testUtils__/stores';
import { decodeNotification } from './notifiers/notification';

const stores = createTestStores();
const shared = stores.ids.filter(id => id === 'POSTGRES_15');

/** Two portals on one database, whose readers hardly ever look unless they are woken. */
async function startReplicas() {
  const store = await stores.open('POSTGRES_15');
  const [one, other] = await Promise.all(
    [store, stores.openReplica(store)].map(async ({ knex }) => {
      const plugin = createParticipant('alpha');
      const portal = await startPortal({
        knex,
        config: { events: { subscriptions: { pollInterval: { hours: 1 } } } },
        features: [plugin.feature],
      });
      return { ...portal, events: await plugin.events };
    }),
  );
  return {
    knex: store.knex,
    one: one.events,
    other: other.events,
    stop: () => Promise.all([one.stop(), other.stop()]),
  };
}

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'replicas on %s',
  () => {
    it('wake each other when something is published', async () => {
      const { one, other, stop } = await startReplicas();
      // To and fro: a reader that is not woken looks again after half a minute, and the test would never get to the end.
      const there = createRecorder(({ eventPayload }) =>
        other.publish({ topic: 'fro', eventPayload }),
      );
      const here = createRecorder();
      await one.subscribe({
        id: 'one',
        topics: ['fro'],
        onEvent: here.onEvent,
      });
      await other.subscribe({
        id: 'o',
        topics: ['to'],
        onEvent: there.onEvent,
      });
      for (let round = 1; round <= 20; round += 1) {
        await one.publish({ topic: 'to', eventPayload: round });
        await here.waitFor(round);
      }
      expect(here.received.map(({ eventPayload }) => eventPayload)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      await stop();
    });

    it('hear of each append once, however many events it has', async () => {
      const { knex, one, stop } = await startReplicas();
      const ear = await openEavesdropper(knex);
      if (!isDurable(one)) {
        throw new Error('The events service is not durable');
      }
      for (const round of ['first', 'second']) {
        await one.publishAll(
          Array.from({ length: 60 }, (_, index) => ({
            topic: `${round}-${index % 3}`,
            eventPayload: index,
          })),
        );
        await ear.until(`${round}-2`);
      }
      expect(
        ear.payloads.map(payload => decodeNotification(payload).topics),
      ).toEqual([
        new Set(['first-0', 'first-1', 'first-2']),
        new Set(['second-0', 'second-1', 'second-2']),
      ]);
      await ear.close();
      await stop();
    });
  },
);
