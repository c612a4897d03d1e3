import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { PortalProcess } from './PortalProcess';

const kills = 5;
const databases = createTestDatabases();

async function openPortal(databaseId: string) {
  if (databaseId === 'SQLITE_FILE') {
    const portal = await PortalProcess.create('sqlite');
    const open = (pluginId: string) =>
      createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFileOf(pluginId) },
        useNullAsDefault: true,
      });
    return { portal, open };
  }
  const { host, port, user, database } = (await databases.open('POSTGRES_15'))
    .client.config.connection;
  const connection = { host, port: Number(port), user, database };
  const portal = await PortalProcess.create(connection);
  const open = (pluginId: string) =>
    createKnex({ client: 'pg', connection, searchPath: [pluginId] });
  return { portal, open };
}

const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

const keep = (knex: Knex) => {
  disposables.unshift({ dispose: () => knex.destroy() });
  return knex;
};

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function countEvents(log: Knex): Promise<number> {
  const [{ count }] = await log('callboard_events').count({ count: '*' });
  return Number(count);
}

describe.each(databases.ids)('an outbox on %s', databaseId => {
  it(`has published what was committed, once and in the order of commits per key, and nothing else, after ${kills} kills`, async () => {
    const { portal, open } = await openPortal(databaseId);
    disposables.unshift(portal);
    const log = keep(open('events'));
    for (let kill = 0; kill < kills; kill++) {
      await portal.start({ program: 'ledgerPortal' });
      // In the middle of publishing and relaying.
      const before = await countEvents(log);
      while ((await countEvents(log)) === before) {
        await pause(20);
      }
      await pause(Math.random() * 300);
      await portal.kill();
    }

    const ledger = keep(open('ledger'));
    const left = await ledger('callboard_outbox').select('place');
    await portal.start({
      program: 'ledgerPortal',
      env: { LEDGER_IS_CLOSED: 'yes' },
    });
    while (await ledger('callboard_outbox').first('place')) {
      await pause(50);
    }
    await portal.kill();

    const written: { key: string; count: number; event_id: string }[] =
      await ledger('ledger').select('key', 'count', 'event_id');
    const stored: { key: string; id: string }[] = await log('callboard_events')
      .select('key', 'id')
      .where({ topic: 'ledger' })
      .orderBy('position');
    expect(written.length).toBeGreaterThan(kills);
    for (const key of new Set(written.map(row => row.key))) {
      const committed = written
        .filter(row => row.key === key)
        .sort((one, other) => one.count - other.count);
      expect(committed.map(({ count }) => count)).toEqual(
        committed.map((_, index) => index + 1),
      );
      expect(stored.filter(row => row.key === key).map(({ id }) => id)).toEqual(
        committed.map(row => row.event_id),
      );
    }
    expect(stored).toHaveLength(written.length);
    expect(left.length).toBeLessThan(written.length);
    await expect(ledger('callboard_outbox_refused')).resolves.toEqual([]);
    process.stdout.write(
      `${databaseId}: ${kills} kills, ${written.length} transactions committed, ${stored.length} events stored, ${left.length} of them relayed after the last kill\n`,
    );
  }, 600_000);
});
