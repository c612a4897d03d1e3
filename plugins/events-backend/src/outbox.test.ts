import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import {
  describeEvent,
  durableEventsServiceRef,
  Outbox,
  outboxServiceRef,
  type DurableEventsService,
  type OutboxService,
} from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import {
  createParticipant,
  createRecorder,
} from './__testUtils__/createParticipant';
import { startPortal } from './__testUtils__/startPortal';
import { createTestStores } from './__testUtils__/stores';

const stores = createTestStores();

/** A plugin that publishes through its outbox. */
function createPublisher() {
  let resolve: (given: {
    knex: Knex;
    outbox: OutboxService;
  }) => void = () => {};
  const given = new Promise<{ knex: Knex; outbox: OutboxService }>(resolver => {
    resolve = resolver;
  });
  return {
    given,
    feature: createBackendPlugin({
      pluginId: 'publisher',
      register(env) {
        env.registerInit({
          deps: { database: coreServices.database, outbox: outboxServiceRef },
          async init({ database, outbox }) {
            resolve({ knex: await database.getClient(), outbox });
          },
        });
      },
    }),
  };
}

/** Looks again until nothing waits in the outbox. */
async function untilRelayed(knex: Knex): Promise<void> {
  while (await knex('callboard_outbox').first('place')) {
    // SQLite answers without leaving the turn of the event loop.
    await nextTurn();
  }
}

describe.each(stores.ids)('a plugin with an outbox, on %s', storeId => {
  it('publishes in its transactions: what was committed is delivered whole, what was rolled back is not', async () => {
    const recorder = createRecorder();
    const publisher = createPublisher();
    const reader = createParticipant('reader', events =>
      events.subscribe({ id: 'all', topics: ['a'], onEvent: recorder.onEvent }),
    );
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      features: [publisher.feature, reader.feature],
    });
    try {
      const { outbox } = await publisher.given;
      const failing = knex.transaction(async trx => {
        await outbox.publish(trx, { topic: 'a', eventPayload: 'no' });
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      const id = await knex.transaction(trx =>
        outbox.publish(trx, {
          topic: 'a',
          eventPayload: { yes: true },
          metadata: { 'x-one': '1' },
          key: 'k',
        }),
      );
      await recorder.waitFor(1);
      const [event] = recorder.received;
      expect(event).toMatchObject({
        topic: 'a',
        eventPayload: { yes: true },
        metadata: { 'x-one': '1' },
      });
      expect(describeEvent(event)).toMatchObject({
        id,
        key: 'k',
        source: 'publisher',
        correlationId: id,
      });
    } finally {
      await portal.stop();
    }
  });

  it('publishes after its start what an earlier life left behind, once, although it may be in the log', async () => {
    const knex = await stores.openEmpty(storeId);
    const database = mockServices.database({
      knex,
      migrations: { skip: false },
    });
    const publishing = createBackendPlugin({
      pluginId: 'publisher',
      register(env) {
        env.registerInit({
          deps: {
            events: durableEventsServiceRef,
            logger: coreServices.logger,
          },
          async init({ events, logger }) {
            const dying: DurableEventsService = {
              ...events,
              async publishAll(given) {
                await events.publishAll(given);
                throw new Error('killed before the rows are deleted');
              },
            };
            const outbox = await Outbox.create({
              database,
              logger,
              events: dying,
            });
            await knex.transaction(async trx => {
              for (let index = 0; index < 3; index++) {
                await outbox.publish(trx, { topic: 'a', eventPayload: index });
              }
            });
            await expect(outbox.runOnce()).rejects.toThrow('killed');
          },
        });
      },
    });
    const firstLife = await startPortal({ knex, features: [publishing] });
    await firstLife.stop();
    await expect(knex('callboard_outbox')).resolves.toHaveLength(3);

    const publisher = createPublisher();
    const secondLife = await startPortal({
      knex,
      features: [publisher.feature],
    });
    try {
      await untilRelayed(knex);
      const stored = await knex('callboard_contents')
        .orderBy('position')
        .pluck('payload');
      expect(stored).toEqual(['0', '1', '2']);
    } finally {
      await secondLife.stop();
    }
  });

  it('keeps aside what the system refuses', async () => {
    const publisher = createPublisher();
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      features: [publisher.feature],
    });
    try {
      await publisher.given;
      await knex('callboard_outbox').insert({ topic: '', payload: '1' });
      await knex('callboard_outbox').insert({ topic: 'a', payload: '2' });
      await untilRelayed(knex);
      await expect(knex('callboard_outbox_refused')).resolves.toMatchObject([
        { payload: '1', error: expect.stringContaining('needs a topic') },
      ]);
      await expect(knex('callboard_events').pluck('topic')).resolves.toEqual([
        'a',
      ]);
    } finally {
      await portal.stop();
    }
  });
});

describe('a plugin with an outbox', () => {
  it("does not start on an events service that is not Callboard's", async () => {
    const starting = startTestBackend({
      features: [createPublisher().feature, mockServices.events.factory()],
    });
    await expect(starting).rejects.toThrow(
      '@callboard/backstage-plugin-events-backend',
    );
  });
});
