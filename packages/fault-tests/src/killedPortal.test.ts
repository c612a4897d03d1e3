import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { PortalProcess } from './PortalProcess';
import { PushLoad } from './PushLoad';

const kills = 20;
const databases = createTestDatabases();

async function openPortal(databaseId: string) {
  if (databaseId === 'SQLITE_FILE') {
    const portal = await PortalProcess.create('sqlite');
    const openLog = () =>
      createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFile },
        useNullAsDefault: true,
      });
    return { portal, openLog, table: 'callboard_events' };
  }
  const { host, port, user, database } = (await databases.open('POSTGRES_15'))
    .client.config.connection;
  const connection = { host, port: Number(port), user, database };
  const portal = await PortalProcess.create(connection);
  const openLog = () => createKnex({ client: 'pg', connection });
  return { portal, openLog, table: 'events.callboard_events' };
}

async function readLog(
  log: Knex,
  table: string,
): Promise<{ id: string; topic: string; deduplication_id: string }[]> {
  return log(table)
    .select('id', 'topic', 'deduplication_id')
    .orderBy('position');
}

const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

describe.each(databases.ids)('a portal on %s that is killed', databaseId => {
  it(`keeps every event it answered with 202, and delivers every event it kept, over ${kills} kills under load`, async () => {
    const { portal, openLog, table } = await openPortal(databaseId);
    disposables.unshift(portal);
    await portal.start();
    const load = new PushLoad(portal.url, portal.secret, 8);
    disposables.unshift(load);

    for (let kill = 0; kill < kills; kill++) {
      await new Promise(resolve =>
        setTimeout(resolve, 100 + Math.random() * 700),
      );
      await portal.kill();
      await portal.start();
    }
    await load.dispose();

    const log = openLog();
    const stored = await readLog(log, table);
    await log.destroy();
    const storedDeliveries = new Set(
      stored
        .filter(({ topic }) => topic === 'github')
        .map(({ deduplication_id }) => deduplication_id),
    );
    const { accepted } = load;
    expect(accepted.length).toBeGreaterThan(kills);
    expect(accepted.filter(id => !storedDeliveries.has(id))).toEqual([]);
    // Each event with its subtopic, or neither.
    expect(stored.length).toBe(2 * storedDeliveries.size);

    const missing = () => {
      const handled = new Set(portal.readHandled().map(({ id }) => id));
      return stored.filter(({ id }) => !handled.has(id));
    };
    while (missing().length > 0) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }

    const lives = new Map<string, number[]>();
    for (const { pid, id } of portal.readHandled()) {
      lives.set(id, [...(lives.get(id) ?? []), pid]);
    }
    // All pushes are of one repository, so of one key: each was delivered first when all before it had been.
    expect([...lives.keys()]).toEqual(stored.map(({ id }) => id));
    const repeated = [...lives.values()].filter(pidsOf => pidsOf.length > 1);
    // Repeated only across a kill: never twice in the same life.
    expect(
      repeated.filter(pidsOf => new Set(pidsOf).size < pidsOf.length),
    ).toEqual([]);
    process.stdout.write(
      `${databaseId}: ${kills} kills, ${accepted.length} answered with 202, ${stored.length} events stored, ${repeated.length} delivered more than once\n`,
    );
  }, 600_000);
});
