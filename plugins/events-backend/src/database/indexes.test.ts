import { randomBytes } from 'node:crypto';
import { explainQueries, findScans } from '../__testUtils__/explainQueries';
import {
  createPools,
  expectBatch,
  failed,
  type Pools,
} from '../__testUtils__/pools';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();
const limit = { events: 100, bytes: 1_000_000 };
const count = 5_000;

/** A few thousand events and deliveries, of many topics and keys, and what a database knows about them. */
async function fill(pools: Pools): Promise<void> {
  const { store, log, subscriptions } = pools;
  const { knex } = store;
  await subscriptions.register('s', ['topic 1', 'topic 2']);
  await subscriptions.register('other', ['topic 1']);
  await log.append(
    Array.from({ length: count }, (_, index) =>
      makeEvent(`topic ${index % 50}`, {
        key: index % 3 === 0 ? undefined : `key ${index % 500}`,
        deduplicationId: `delivery ${index}`,
        // As large as contents are in life: of small ones a database would rather read all.
        payload: JSON.stringify(randomBytes(750).toString('hex')),
      }),
    ),
  );
  await knex('callboard_events').update({ time: knex.raw('position * 10') });
  await knex.raw(`
    INSERT INTO callboard_deliveries
      (subscription_id, position, event_id, topic, key, size, state, attempts, due_at, updated_at)
    SELECT 'sub ' || (position % 20), position, id, topic, key, size,
      CASE WHEN position % 50 = 0 THEN 'due' WHEN position % 7 = 0 THEN 'blocked' WHEN position % 97 = 0 THEN 'dead' ELSE 'delivered' END,
      1, position * 10, position * 10
    FROM callboard_events`);
  await knex.raw('ANALYZE');
}

describe.each(stores.ids)('indexes on %s', storeId => {
  let pools: Pools;
  beforeAll(async () => {
    pools = createPools(await stores.open(storeId));
    await fill(pools);
  });

  const inTransaction = (
    run: (
      trx: Parameters<Pools['deliveries']['claimDue']>[0],
    ) => Promise<unknown>,
  ) => pools.store.knex.transaction(run);

  it.each<[string, () => Promise<unknown>]>([
    ['reading after a position', () => pools.log.readAfter(9, {}, limit)],
    [
      'reading after a position, by topics',
      () => pools.log.readAfter(9, { topics: ['topic 1', 'topic 2'] }, limit),
    ],
    [
      'reading after a position, by a rare key',
      () => pools.log.readAfter(9, { key: 'key 7' }, limit),
    ],
    ['reading by position', () => pools.log.readPositions([1, 7, 9])],
    [
      'reading by id',
      () => pools.log.readById('00000000-0000-7000-8000-000000000000'),
    ],
    ['finding a time', () => pools.log.positionBefore(count * 5)],
    [
      'listing a key',
      () => pools.log.list({ key: 'key 7', order: 'desc', limit: 50 }),
    ],
    [
      'listing a topic within a time',
      () =>
        pools.log.list({
          topic: 'topic 3',
          fromMs: 1_000,
          toMs: 9_000,
          order: 'asc',
          limit: 50,
        }),
    ],
    ['listing topics', () => pools.log.topics()],
    [
      'looking for the next event',
      () => pools.log.findNext(10, ['topic 1', 'topic 2']),
    ],
    ['reading what is owed of', () => pools.log.readHeads([10, 11])],
    ['trimming', () => pools.log.trim(20, 10)],
    [
      'trimming topics',
      async () => {
        // With its content in front of it, and behind it.
        await pools.log.append([makeEvent('shared'), makeEvent('rare')]);
        await pools.log.trim(count * 2, 10, ['topic 9', 'rare', 'never']);
      },
    ],
    ['finding an age', () => pools.log.positionOlderThan(1_000)],
    [
      'removing what is gone',
      () => pools.deliveries.removeGone('sub 10', [10, 30]),
    ],
    ['asking when something is due', () => pools.deliveries.dueInMs('sub 10')],
    [
      'letting what failed be due at once',
      () => pools.deliveries.hasten('sub 10', 1_000),
    ],
    [
      'asking when something is due of each',
      () => pools.deliveries.listNextDue(),
    ],
    [
      'claiming what is due',
      () =>
        inTransaction(trx =>
          pools.deliveries.claimDue(trx, 'sub 10', new Set(['key 1']), limit),
        ),
    ],
    [
      'finding owed keys',
      () =>
        inTransaction(trx =>
          pools.deliveries.findOwedKeys(trx, 'sub 10', ['key 1', 'key 2']),
        ),
    ],
    [
      'making the next of a key due',
      () =>
        inTransaction(trx =>
          pools.deliveries.settle(trx, 'sub 10', [
            {
              event: {
                position: 10,
                id: '00000000-0000-7000-8000-000000000000',
                topic: 'topic 1',
                key: 'key 2',
                size: 2,
              },
              attempt: 1,
              owed: true,
              outcome: failed,
            },
          ]),
        ),
    ],
    ['finding lapsed batches', () => pools.subscriptions.rescueLapsed(10)],
    ['finding what is still owed', () => pools.deliveries.readFloor()],
    ['removing what is trimmed', () => pools.deliveries.removeUpTo(3, 5)],
    ['removing the dead', () => pools.deliveries.removeDead(1_000, 5)],
    [
      'listing the dead',
      () => pools.deliveries.list({ state: 'dead', limit: 50 }),
    ],
    [
      'counting deliveries',
      () => pools.deliveries.count('sub 10', ['due', 'dead']),
    ],
    [
      'replaying',
      async () => {
        const events = await pools.log.readPositions([101, 102]);
        await pools.deliveries.replay('sub 10', events, { dryRun: false });
      },
    ],
    [
      'claiming and settling',
      async () => {
        await pools.log.append([makeEvent('topic 1', { key: 'key 1' })]);
        const batch = expectBatch(await pools.claim('s', { maxEvents: 5 }));
        await pools.settle(batch, () => failed);
      },
    ],
  ])('serve %s', async (_, operation) => {
    const plans = await explainQueries(pools.store, operation);
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      for (const table of [
        'callboard_events',
        'callboard_contents',
        'callboard_deliveries',
      ]) {
        expect({ scans: findScans(plan, table), plan }).toEqual({
          scans: [],
          plan,
        });
      }
    }
  });

  it('let a claim read no more of what is blocked behind a key than it may take', async () => {
    const events = await pools.log.readPositions([104, 105]);
    await pools.deliveries.replay('sub 10', events, { dryRun: false });
    const plans = await explainQueries(pools.store, () =>
      inTransaction(trx =>
        pools.deliveries.claimDue(trx, 'sub 10', new Set(), limit),
      ),
    );
    const plan = plans.find(text =>
      text.includes('callboard_deliveries_key_idx'),
    );
    expect(plan).toMatch(
      storeId === 'POSTGRES_15'
        ? /Limit .*\n *-> +Index Scan using callboard_deliveries_key_idx/
        : /CO-ROUTINE range\nSEARCH callboard_deliveries USING INDEX callboard_deliveries_key_idx/,
    );
  });

  it('let a claim read no further than what is due', async () => {
    const [plan] = await explainQueries(pools.store, () =>
      inTransaction(trx =>
        pools.deliveries.claimDue(trx, 'sub 10', new Set(), limit),
      ),
    );
    expect(plan).toMatch(
      storeId === 'POSTGRES_15'
        ? /Index Cond: .*due_at <= /
        : /SEARCH callboard_deliveries USING INDEX callboard_deliveries_due_idx .*due_at</,
    );
  });
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'the functions of %s',
  () => {
    it('look up what is owed by indexes, though their plans were made when nothing was', async () => {
      const { knex } = await stores.open('POSTGRES_15');
      await knex.raw('VACUUM callboard_deliveries');
      await knex.transaction(async trx => {
        const ask = () =>
          trx.raw(
            "SELECT callboard_owes_now('s', 0), callboard_owes_keys('s', ARRAY['a', 'b'])",
          );
        const countRows = async () => {
          const { rows } = await trx.raw<{ rows: { count: string }[] }>(
            "SELECT seq_tup_read + idx_tup_fetch AS count FROM pg_stat_xact_user_tables WHERE relname = 'callboard_deliveries'",
          );
          return Number(rows[0].count);
        };
        // More often than the server makes a plan anew.
        for (let time = 0; time < 10; time += 1) {
          await ask();
        }
        await trx.raw(`
          INSERT INTO callboard_deliveries
            (subscription_id, position, event_id, topic, key, size, state, attempts, due_at, updated_at)
          SELECT 's', n, gen_random_uuid(), 't', 'key ' || n, 2, 'due', 1, n, n FROM generate_series(1, 5000) AS n`);
        const before = await countRows();
        await ask();
        expect((await countRows()) - before).toBeLessThan(10);
      });
    });
  },
);
