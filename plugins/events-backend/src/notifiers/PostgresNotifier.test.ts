import { randomUUID } from 'node:crypto';
import { SilencingProxy } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { openEavesdropper } from '../__testUtils__/openEavesdropper';
import { cutConnections, startNotifier } from '../__testUtils__/startNotifier';
import { createTestStores } from '../__testUtils__/stores';
import type { Store } from '../database';
import { decodeNotification } from './notification';
import type { PostgresNotifier } from './PostgresNotifier';

const stores = createTestStores();
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await stores.close();
});

/** A replica of its own connections, that listens. */
async function startReplica(
  store: Store,
  options: Parameters<typeof startNotifier>[1] = {},
) {
  const name = `replica-${randomUUID()}`;
  const { knex } = stores.openReplica(store, name);
  const replica = startNotifier(knex, options);
  closing.push(() => replica.notifier.stop());
  await replica.untilListening(true);
  return { ...replica, name, knex };
}

/** Counts how often a reader of a topic is woken, and says when. */
function listenFor(notifier: PostgresNotifier, topic: string) {
  let wakeUps = 0;
  let resolve: (() => void) | undefined;
  notifier.listen({
    wants: topics => topics.has(topic),
    wake: () => {
      wakeUps += 1;
      resolve?.();
    },
  });
  return {
    get wakeUps() {
      return wakeUps;
    },
    next: () =>
      new Promise<void>(resolver => {
        resolve = resolver;
      }),
  };
}

/** An eavesdropper that is closed after the test. */
async function eavesdrop({ knex }: Store) {
  const ear = await openEavesdropper(knex);
  closing.push(() => ear.close());
  return ear;
}

async function countListeners(knex: Knex, name: string): Promise<number> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    `SELECT 1 FROM pg_stat_activity
     WHERE application_name = ? AND query LIKE '%pg_listening_channels%'`,
    [name],
  );
  return rows.length;
}

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'notifying by PostgreSQL, on %s',
  () => {
    const open = () => stores.openInSchema('POSTGRES_15');

    it('sends one notification at a time, with the topics that gathered meanwhile', async () => {
      const store = await open();
      const { notifier } = await startReplica(store);
      const ear = await eavesdrop(store);
      // All in one turn: the first goes out when the turn ends, with whatever came in it.
      for (let number = 0; number < 200; number += 1) {
        notifier.notify(new Set([`t${number % 20}`]));
      }
      await ear.until('"t19"');
      notifier.notify(new Set(['last']));
      await ear.until('"last"');
      expect(ear.payloads).toHaveLength(2);
      const [first, last] = ear.payloads.map(decodeNotification);
      expect(first.topics).toEqual(
        new Set(Array.from({ length: 20 }, (_, number) => `t${number}`)),
      );
      expect(last).toEqual({ origin: first.origin, topics: new Set(['last']) });
    });

    it('wakes its own readers once, and not again by its own notification', async () => {
      const store = await open();
      const [one, other] = [
        await startReplica(store),
        await startReplica(store),
      ];
      const own = listenFor(one.notifier, 'a');
      const there = listenFor(other.notifier, 'a');
      const arrived = there.next();
      one.notifier.notify(new Set(['a']));
      expect(own.wakeUps).toBe(1);
      await arrived;
      // PostgreSQL sends notifications in the order of commits: the own one has come before this.
      const answered = listenFor(one.notifier, 'b').next();
      other.notifier.notify(new Set(['b']));
      await answered;
      expect([own.wakeUps, there.wakeUps]).toEqual([1, 1]);
    });

    it('keeps two schemas of one database apart', async () => {
      const [here, elsewhere] = [await open(), await open()];
      const sender = await startReplica(here);
      const replica = await startReplica(here);
      const stranger = await startReplica(elsewhere);
      const unconcerned = listenFor(stranger.notifier, 'a');
      const heard = listenFor(replica.notifier, 'a').next();
      sender.notifier.notify(new Set(['a']));
      await heard;
      const last = listenFor(stranger.notifier, 'last').next();
      const colleague = await startReplica(elsewhere);
      colleague.notifier.notify(new Set(['last']));
      await last;
      expect(unconcerned.wakeUps).toBe(0);
    });

    it.each(['', 'hello', '{"origin":1}', '{"origin":"later version"}'])(
      'wakes every reader when it does not understand what it hears: %s',
      async payload => {
        const store = await open();
        const { notifier } = await startReplica(store);
        const woken = ['a', 'b'].map(topic =>
          listenFor(notifier, topic).next(),
        );
        const ear = await eavesdrop(store);
        await ear.send(payload);
        await Promise.all(woken);
      },
    );

    it('says once that the connection was lost, and once that it is back', async () => {
      const store = await open();
      const replica = await startReplica(store);
      const { logger, notifier } = replica;
      expect(logger.info).not.toHaveBeenCalled();
      for (let loss = 1; loss <= 2; loss += 1) {
        const back = listenFor(notifier, 'a').next();
        await cutConnections(store.knex, replica.name);
        await back;
        expect(logger.warn).toHaveBeenCalledTimes(loss);
        expect(logger.info).toHaveBeenCalledTimes(loss);
      }
      expect(logger.warn).toHaveBeenCalledWith(
        expect.stringContaining('notifications of other replicas failed'),
        expect.any(Error),
      );
    });

    it('keeps trying while it cannot connect, says so once, and sends afterwards what waited', async () => {
      const store = await open();
      const ear = await eavesdrop(store);
      const { knex } = stores.openReplica(store);
      const acquire = knex.client.acquireRawConnection.bind(knex.client);
      let refusals = 0;
      knex.client.acquireRawConnection = async () => {
        refusals += 1;
        if (refusals <= 3) {
          throw new Error('refused');
        }
        return acquire();
      };
      const replica = startNotifier(knex);
      closing.push(() => replica.notifier.stop());
      const local = listenFor(replica.notifier, 'a');
      replica.notifier.notify(new Set(['a']));
      expect(local.wakeUps).toBe(1);
      await ear.until('"a"');
      expect(refusals).toBe(4);
      expect(replica.logger.warn).toHaveBeenCalledTimes(1);
      expect(replica.logger.info).toHaveBeenCalledTimes(1);
    });

    it('notices a connection that was cut silently, and gets another', async () => {
      const store = await open();
      const { host, port } = store.knex.client.config.connection;
      const proxy = new SilencingProxy({ host, port: Number(port ?? 5432) });
      const proxyPort = await proxy.start();
      closing.push(() => proxy.stop());
      const { client, searchPath, connection } = store.knex.client.config;
      const knex = createKnex({
        client,
        searchPath,
        connection: {
          ...connection,
          password: connection.password,
          host: '127.0.0.1',
          port: proxyPort,
        },
        pool: { min: 0, max: 2 },
      });
      closing.push(() => knex.destroy());
      const replica = startNotifier(knex, {
        heartbeatMs: 20,
        answerLimitMs: 200,
        connectLimitMs: 1_000,
      });
      closing.push(() => replica.notifier.stop());
      await replica.untilListening(true);

      const lost = replica.untilListening(false);
      proxy.silence();
      await lost;
      // The pool does not notice by itself that its connection hangs as well.
      await replica.untilListening(true);
      const heard = listenFor(replica.notifier, 'a').next();
      const sender = await startReplica(store);
      sender.notifier.notify(new Set(['a']));
      await heard;
    });

    it('says once what to do when the connection does not stay with one session, and listens when it does', async () => {
      const store = await open();
      const { knex } = stores.openReplica(store);
      const acquire = knex.client.acquireRawConnection.bind(knex.client);
      let tries = 0;
      knex.client.acquireRawConnection = async () => {
        tries += 1;
        const connection = await acquire();
        if (tries > 3) {
          return connection;
        }
        const query = connection.query.bind(connection);
        // As behind a pooler that lends a session for one transaction, and cleans up behind it.
        connection.query = async (...args: unknown[]) => {
          const answer = await query(...args);
          await query('DISCARD ALL');
          return answer;
        };
        return connection;
      };
      const replica = startNotifier(knex);
      const warned = new Promise<void>(resolve =>
        jest.mocked(replica.logger.warn).mockImplementation(() => resolve()),
      );
      await warned;
      expect(tries).toBeLessThanOrEqual(3);
      expect(replica.logger.warn).toHaveBeenCalledWith(
        expect.stringContaining('a pooler in session mode'),
      );
      const local = listenFor(replica.notifier, 'a');
      replica.notifier.notify(new Set(['a']));
      expect(local.wakeUps).toBe(1);
      await replica.untilListening(true);
      expect(tries).toBe(4);
      await replica.notifier.stop();
      expect(replica.logger.warn).toHaveBeenCalledTimes(1);
      expect(replica.logger.info).toHaveBeenCalledTimes(1);
    });

    it('sends at the stop what waits, and ends the connection', async () => {
      const store = await open();
      const ear = await eavesdrop(store);
      const replica = await startReplica(store);
      await expect(countListeners(store.knex, replica.name)).resolves.toBe(1);
      replica.notifier.notify(new Set(['a']));
      await replica.notifier.stop();
      await ear.until('"a"');
      while ((await countListeners(store.knex, replica.name)) > 0) {
        // The server notices in its own time.
      }
      expect(replica.logger.warn).not.toHaveBeenCalled();
    });

    it('can be stopped at any time, and starts no more afterwards', async () => {
      const store = await open();
      const { knex } = stores.openReplica(store, `stopped-${randomUUID()}`);
      const name = knex.client.config.connection.application_name;
      const { notifier, logger } = startNotifier(knex);
      // While it connects.
      await Promise.all([notifier.stop(), notifier.stop()]);
      notifier.start();
      await notifier.stop();
      await expect(countListeners(store.knex, name)).resolves.toBe(0);
      const local = listenFor(notifier, 'a');
      notifier.notify(new Set(['a']));
      expect(local.wakeUps).toBe(1);
      expect(logger.warn).not.toHaveBeenCalled();
    });
  },
);
