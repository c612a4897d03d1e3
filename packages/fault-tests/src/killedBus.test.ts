import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { findFreePort } from './findFreePort';
import { PortalProcess } from './PortalProcess';
import { ReplicaGroup, waitUntil } from './ReplicaGroup';

const kills = 2;
const events = 2_000;
const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

/** A portal, and a process without the events plugin that was started before it. */
async function openBoth(databaseId: string) {
  const ownPort = await findFreePort();
  // The portal checks the tokens of the plugin with its keys.
  const config = {
    discovery: {
      endpoints: [
        {
          target: `http://127.0.0.1:${ownPort}/api/{{pluginId}}`,
          plugins: ['recorder'],
        },
      ],
    },
  };
  const create = async (): Promise<{ portal: PortalProcess; knex: Knex }> => {
    if (databaseId === 'SQLITE_FILE') {
      const portal = await PortalProcess.create('sqlite', [], config);
      const knex = createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFile },
        useNullAsDefault: true,
      });
      return { portal, knex };
    }
    const { host, port, user, database } = (await databases.open('POSTGRES_15'))
      .client.config.connection;
    const connection = { host, port: Number(port), user, database };
    const portal = await PortalProcess.create(connection, [], config);
    const knex = createKnex({
      client: 'pg',
      connection,
      searchPath: ['events'],
    });
    return { portal, knex };
  };
  const { portal, knex } = await create();
  disposables.unshift(portal, { dispose: () => knex.destroy() });
  const group = new ReplicaGroup();
  disposables.unshift(group);
  const [remote] = await group.start([
    {
      name: 'remote',
      connection: { portalUrl: portal.url, ownPort },
      subscriptions: [{ id: 'load', topic: 'load' }],
    },
  ]);
  await portal.start();
  await waitUntil(
    async () =>
      Boolean(
        await knex('callboard_subscriptions')
          .where({ id: 'recorder.load' })
          .first(),
      ),
    () => `the subscription does not stand: ${remote.readLog()}`,
  );
  return { portal, knex, group, remote };
}

describe.each(databases.ids)(
  'a process without the events plugin, beside a portal on %s',
  databaseId => {
    it(`starts before it, loses no event, stores none twice and keeps the order of each key, over ${kills} kills of the portal`, async () => {
      const { portal, knex, group, remote } = await openBoth(databaseId);
      remote.publish({
        topic: 'load',
        events,
        publishers: 8,
        keysPerPublisher: 4,
        payloadBytes: 500,
        pauseMs: 5,
      });
      for (let kill = 1; kill <= kills; kill++) {
        await group.waitForAcknowledged((kill * events) / (kills + 1));
        await portal.kill();
        await portal.start();
      }
      await group.waitForAcknowledged(events);
      await group.waitForHandled('load', events);

      const stored: string[] = await knex('callboard_events')
        .where({ topic: 'load' })
        .pluck('id');
      expect(stored.sort()).toEqual(
        group
          .readAcknowledged()
          .map(({ id }) => id)
          .sort(),
      );
      const { repeated, ...verdict } = group.judge('load');
      expect(verdict).toEqual({ lost: [], disordered: [], overlapping: [] });
      process.stdout.write(
        `${databaseId}: ${kills} kills, ${events} events published over HTTP, ${group.countRefused()} times refused, ${
          repeated.length
        } handled more than once\n`,
      );
    }, 300_000);
  },
);
