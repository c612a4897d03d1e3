import { mockServices } from '@backstage/backend-test-utils';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import type { JudgedPage } from './DueDelivery';
import { migrationSource, tableName } from './migrations';
import { RecoveryStore } from './RecoveryStore';

const databases = createTestDatabases();
const hook = 'github.com/apps/1';
const nothing: JudgedPage = { read: 0, due: [], arrived: [] };

function makeDue(id: number, guid: string = `guid-${id}`) {
  return {
    guid,
    deliveryId: id,
    deliveredMs: id * 1_000,
    reason: 'failed' as const,
  };
}

function makePage(changes: Partial<JudgedPage>): JudgedPage {
  return { ...nothing, ...changes };
}

describe.each(databases.ids)('what is to be fetched, on %s', id => {
  async function open(): Promise<{ knex: Knex; store: RecoveryStore }> {
    const knex = await databases.open(id);
    const store = await RecoveryStore.open(mockServices.database({ knex }));
    await store.begin(hook, 500);
    return { knex, store };
  }

  const readIds = async (store: RecoveryStore, limit: number = 99) =>
    (await store.readDue(hook, limit)).map(({ deliveryId }) => deliveryId);

  it('begins once', async () => {
    const { store } = await open();
    await store.begin(hook, 900);

    expect(await store.readProgress(hook)).toEqual({
      begunMs: 500,
      seenMs: undefined,
      reading: undefined,
    });
  });

  it('is noted with how far the reading is, and is read from the oldest on', async () => {
    const { store } = await open();
    await store.notePage(hook, makePage({ due: [makeDue(4), makeDue(3)] }), {
      nextPage: '/next',
      upToMs: 4_000,
    });
    expect(await store.readProgress(hook)).toEqual({
      begunMs: 500,
      seenMs: undefined,
      reading: { upToMs: 4_000, nextPage: '/next' },
    });

    await store.notePage(hook, makePage({ due: [makeDue(2), makeDue(1)] }), {
      seenMs: 4_000,
      forgetBeforeMs: 0,
    });
    expect(await store.readProgress(hook)).toEqual({
      begunMs: 500,
      seenMs: 4_000,
      reading: undefined,
    });
    expect(await readIds(store)).toEqual([1, 2, 3, 4]);
    expect(await readIds(store, 2)).toEqual([1, 2]);
    expect(await store.readDue('github.com/apps/2', 9)).toEqual([]);
  });

  it('is noted once for each webhook, also when it is met again later', async () => {
    const { store } = await open();
    const after = { seenMs: 4_000, forgetBeforeMs: 0 };
    await store.notePage(hook, makePage({ due: [makeDue(4, 'same')] }), after);
    await store.notePage(hook, makePage({ due: [makeDue(2, 'same')] }), after);

    expect(await readIds(store)).toEqual([4]);
  });

  it('is nothing that an attempt has brought, whichever is met first', async () => {
    const { store } = await open();
    const arrived = { guid: 'a', deliveryId: 9, deliveredMs: 9_000 };
    await store.notePage(
      hook,
      makePage({
        due: [makeDue(8, 'b')],
        arrived: [{ ...arrived, isRedelivery: true }],
      }),
      { nextPage: '/next', upToMs: 9_000 },
    );
    await store.notePage(
      hook,
      makePage({
        due: [makeDue(3, 'a'), makeDue(2, 'c')],
        arrived: [
          { guid: 'b', deliveryId: 1, deliveredMs: 1_000, isRedelivery: false },
        ],
      }),
      { seenMs: 9_000, forgetBeforeMs: 0 },
    );

    expect(await readIds(store)).toEqual([2]);
  });

  it('is not met again once it is settled, until it is too old to be', async () => {
    const { knex, store } = await open();
    const after = { seenMs: 4_000, forgetBeforeMs: 2_000 };
    const page = makePage({ due: [makeDue(3), makeDue(2), makeDue(1)] });
    await store.notePage(hook, page, after);
    await store.settle(hook, ['guid-3', 'guid-1']);
    await store.notePage(hook, page, after);

    expect(await readIds(store)).toEqual([2]);
    expect(
      await knex('callboard_github_recovery_deliveries')
        .orderBy('guid')
        .pluck('guid'),
    ).toEqual(['guid-2', 'guid-3']);
  });

  it('comes last when GitHub does not give it', async () => {
    const { store } = await open();
    await store.notePage(
      hook,
      makePage({ due: [makeDue(3), makeDue(2), makeDue(1)] }),
      { seenMs: 4_000, forgetBeforeMs: 0 },
    );
    await store.countAttempt(hook, ['guid-1'], 5_000);

    expect(await readIds(store)).toEqual([2, 3, 1]);
    expect(await store.readDue(hook, 9)).toEqual([
      { ...makeDue(2), attempts: 0, attemptedMs: undefined },
      { ...makeDue(3), attempts: 0, attemptedMs: undefined },
      { ...makeDue(1), attempts: 1, attemptedMs: 5_000 },
    ]);
  });

  it('is removed when it is older than anything that GitHub has', async () => {
    const { store } = await open();
    await store.notePage(hook, makePage({ due: [makeDue(2), makeDue(1)] }), {
      seenMs: 4_000,
      forgetBeforeMs: 0,
    });
    await store.removeBefore(2_000);

    expect(await readIds(store)).toEqual([2]);
  });

  it('is read from the newest on again when the reading is abandoned', async () => {
    const { store } = await open();
    await store.notePage(hook, nothing, { nextPage: '/next', upToMs: 4_000 });
    await store.abandonReading(hook);

    expect((await store.readProgress(hook)).reading).toBeUndefined();
  });

  it('is found by an index, however much there is', async () => {
    const { knex, store } = await open();
    for (let page = 0; page < 100; page++) {
      const due = Array.from({ length: 100 }, (_, index) =>
        makeDue(page * 100 + index + 1),
      );
      await store.notePage(hook, makePage({ due }), {
        seenMs: 1,
        forgetBeforeMs: 0,
      });
    }
    await knex.raw('ANALYZE');
    const queries: { sql: string; bindings: readonly string[] }[] = [];
    knex.on('query', query => queries.push(query));
    await store.readDue(hook, 4);
    await store.settle(hook, ['guid-5']);
    await store.countAttempt(hook, ['guid-6'], 1);
    await store.removeBefore(2_000);
    knex.removeAllListeners('query');

    expect(queries).toHaveLength(4);
    for (const { sql, bindings } of queries) {
      expect(await explain(knex, sql, bindings)).not.toMatch(
        /Seq Scan|^SCAN /m,
      );
    }
  });

  it('stays when its tables are brought up to date', async () => {
    const { knex, store } = await open();
    await knex.migrate.down({ migrationSource, tableName });
    await store.notePage(hook, makePage({ due: [makeDue(1)] }), {
      seenMs: 4_000,
      forgetBeforeMs: 0,
    });
    await knex('callboard_github_recovery_deliveries').update({ attempts: 3 });
    await RecoveryStore.open(mockServices.database({ knex }));

    expect(await store.readDue(hook, 9)).toEqual([
      { ...makeDue(1), attempts: 3, attemptedMs: undefined },
    ]);
  });

  it('has tables that replicas make side by side, and that are not made when migrations are skipped', async () => {
    const knex = await databases.open(id);
    const database = mockServices.database({ knex });
    await RecoveryStore.open({ ...database, migrations: { skip: true } });
    expect(await knex.schema.hasTable('callboard_github_recovery')).toBe(false);

    const getClient = async () => knex;
    await Promise.all([1, 2, 3].map(() => RecoveryStore.open({ getClient })));
    expect(await knex.schema.hasTable('callboard_github_recovery')).toBe(true);
  });
});

async function explain(
  knex: Knex,
  sql: string,
  bindings: readonly string[],
): Promise<string> {
  if (knex.client.config.client === 'pg') {
    const { rows } = await knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(
      `EXPLAIN ${sql.replace(/\$\d+/g, '?')}`,
      [...bindings],
    );
    return rows.map(row => row['QUERY PLAN']).join('\n');
  }
  const rows = await knex.raw<{ detail: string }[]>(
    `EXPLAIN QUERY PLAN ${sql}`,
    [...bindings],
  );
  return rows.map(({ detail }) => detail).join('\n');
}
