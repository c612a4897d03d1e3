import { mockServices } from '@backstage/backend-test-utils';
import { SilencingProxy } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex from 'knex';
import { createTestOutboxes } from './__testUtils__/createTestOutboxes';
import { RecordingEvents } from './__testUtils__/RecordingEvents';
import { createPostgresDialect } from './dialects/postgres';
import { sqlite } from './dialects/sqlite';
import { OutboxRelay } from './OutboxRelay';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});
const outboxes = createTestOutboxes();
const silenceLimitMs = 300;

/** A relay behind a firewall that may forget its connections. */
async function openRelay() {
  const { knex: direct } = await outboxes.open('POSTGRES_15');
  const { client, connection, searchPath } = direct.client.config;
  const { host, port } = connection;
  const proxy = new SilencingProxy({ host, port: Number(port ?? 5432) });
  const proxyPort = await proxy.start();
  closing.push(() => proxy.stop());
  const knex = createKnex({
    client,
    searchPath,
    connection: {
      ...connection,
      // Hidden from copies by the driver.
      password: connection.password,
      host: '127.0.0.1',
      port: proxyPort,
    },
    pool: { min: 0, max: 2 },
  });
  closing.push(() => knex.destroy());
  const events = new RecordingEvents();
  const logger = mockServices.logger.mock();
  const relay = new OutboxRelay({
    store: {
      knex,
      table: 'callboard_outbox',
      dialect: createPostgresDialect(silenceLimitMs),
    },
    events,
    logger,
    maxPayloadBytes: 1_000_000,
  });
  closing.push(() => relay.stop());
  const insert = (topic: string) =>
    direct('callboard_outbox').insert({ topic, payload: '{}' });
  return { direct, proxy, events, logger, relay, insert };
}

(outboxes.shared.length > 0 ? describe : describe.skip)(
  'a relay whose connection falls silent',
  () => {
    it('relays over another one, and has said so', async () => {
      const { proxy, events, logger, relay, insert } = await openRelay();
      await insert('a');
      relay.start();
      await events.waitFor(1);
      proxy.silence();
      await insert('b');
      await events.waitFor(2);
      expect(events.topics).toEqual(['a', 'b']);
      expect(logger.warn).toHaveBeenCalledWith(
        expect.stringContaining('Relaying events from the outbox fails'),
        expect.anything(),
      );
    });

    it('relays the page again that it could not delete, in order', async () => {
      const { direct, proxy, events, relay, insert } = await openRelay();
      await insert('a');
      events.after = () => proxy.silence();
      await expect(relay.runOnce()).rejects.toThrow();
      events.after = () => {};
      await insert('b');
      // The server learns in its own time that the turn is over.
      while ((await relay.runOnce()).outcome !== 'empty');
      expect(events.topics).toEqual(['a', 'b']);
      await expect(direct('callboard_outbox')).resolves.toEqual([]);
    });

    it('stops', async () => {
      const { proxy, events, relay, insert } = await openRelay();
      await insert('a');
      const silenced = new Promise<void>(resolve => {
        events.after = () => {
          proxy.silence();
          resolve();
        };
      });
      relay.start();
      await silenced;
      await relay.stop();
    });

    it('leaves a turn alone that takes long because publishing does', async () => {
      const { events, relay, insert } = await openRelay();
      await insert('a');
      events.before = () =>
        new Promise(resolve => setTimeout(resolve, 2 * silenceLimitMs));
      await expect(relay.runOnce()).resolves.toMatchObject({ published: 1 });
    });
  },
);

it('stops while publishing never ends, and says so', async () => {
  const { knex } = await outboxes.open('SQLITE_FILE');
  await knex('callboard_outbox').insert({ topic: 'a', payload: '{}' });
  const events = new RecordingEvents();
  const logger = mockServices.logger.mock();
  const relay = new OutboxRelay({
    store: { knex, table: 'callboard_outbox', dialect: sqlite },
    events,
    logger,
    maxPayloadBytes: 1_000_000,
    stopLimitMs: 50,
  });
  const publishing = new Promise<void>(resolve => {
    events.before = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  relay.start();
  await publishing;
  await relay.stop();
  expect(logger.warn).toHaveBeenCalledTimes(1);
});
