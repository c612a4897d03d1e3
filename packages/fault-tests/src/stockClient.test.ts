import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type {
  EventsPage,
  EventView,
} from '@callboard/backstage-plugin-events-common';
import { PortalProcess } from './PortalProcess';
import { StockProcess } from './StockProcess';

const kills = 2;
const token = 'static-token-of-the-test';
const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

async function openBoth(databaseId: string) {
  const stock = await StockProcess.create();
  disposables.push(stock);
  const connection = async () => {
    const { host, port, user, database } = (await databases.open('POSTGRES_15'))
      .client.config.connection;
    return { host, port: Number(port), user, database };
  };
  const portal = await PortalProcess.create(
    databaseId === 'SQLITE_FILE' ? 'sqlite' : await connection(),
    ['to-stock'],
    {
      // The portal checks the tokens of the plugin with its keys.
      discovery: {
        endpoints: [
          { target: `${stock.url}/api/{{pluginId}}`, plugins: ['builds'] },
        ],
      },
      backend: {
        auth: {
          externalAccess: [
            { type: 'static', options: { token, subject: 'test' } },
          ],
        },
      },
    },
  );
  disposables.push(portal);
  await portal.start();
  await stock.start(portal.url);

  const read = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${portal.url}/api/events/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return JSON.parse(await response.text());
  };
  // The stock `subscribe` returns before its subscription stands.
  for (;;) {
    const { items } = await read<{ items: { id: string }[] }>('/subscriptions');
    if (items.some(({ id }) => id === 'builds.numbers')) {
      break;
    }
    await delay(50);
  }
  return {
    portal,
    stock,
    read,
    /** Ids of all events of a topic. */
    async listIds(topic: string): Promise<string[]> {
      const ids: string[] = [];
      let cursor = '';
      do {
        const page = await read<EventsPage>(
          `/events?topic=${topic}&order=asc&limit=200${cursor}`,
        );
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : '';
      } while (cursor);
      return ids;
    },
  };
}

describe.each(databases.ids)(
  'a process with the stock events service beside a portal on %s',
  databaseId => {
    it(`receives every webhook that was answered with 202, and its events are kept, over ${kills} kills of the portal`, async () => {
      const { portal, stock, read, listIds } = await openBoth(databaseId);
      stock.publish();

      const accepted: number[] = [];
      let sending = true;
      const send = async () => {
        for (let number = 0; sending; number++) {
          const response = await fetch(
            `${portal.url}/api/events/http/to-stock`,
            {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ number }),
            },
          ).catch(() => undefined);
          if (response?.status === 202) {
            accepted.push(number);
          }
          await delay(10);
        }
      };
      const sent = send();
      for (let kill = 0; kill < kills; kill++) {
        const before = stock.published.length;
        while (stock.published.length < before + 20) {
          await delay(10);
        }
        await portal.kill();
        await portal.start();
      }
      sending = false;
      await sent;
      const attempts = await stock.stopPublishing();

      const receivedOf = (topic: string) =>
        stock.received.filter(event => event.topic === topic);
      const numbers = () =>
        new Set(
          receivedOf('to-stock').map(({ payload }) => JSON.stringify(payload)),
        );
      const missing = () => {
        const got = numbers();
        return accepted.filter(number => !got.has(JSON.stringify({ number })));
      };
      while (missing().length > 0) {
        await delay(50);
      }

      const ids = await listIds('from-stock');
      const stored = new Set<unknown>();
      let last: EventView | undefined;
      for (const id of ids) {
        last = await read<EventView>(`/events/${id}`);
        stored.add(last.payload);
      }
      expect(stock.published.length).toBeGreaterThanOrEqual(20 * kills);
      expect(stock.published.filter(number => !stored.has(number))).toEqual([]);
      // Its own events, which it had before it published them, did not come back.
      expect(last?.recipients).toEqual([
        expect.objectContaining({
          subscriptionId: 'builds.numbers',
          status: 'delivered',
          explanation: expect.stringMatching(/process of its publisher/),
        }),
      ]);
      expect(receivedOf('from-stock')).toHaveLength(attempts);
      process.stdout.write(
        `${databaseId}: ${kills} kills, ${accepted.length} webhooks accepted and received, ` +
          `${receivedOf('to-stock').length - numbers().size} of them again, ` +
          `${stock.published.length} events published in ${attempts} attempts, ${ids.length} stored\n`,
      );
    }, 600_000);
  },
);
