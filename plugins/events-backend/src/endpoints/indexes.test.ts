import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import { explainQueries, findScans } from '../__testUtils__/explainQueries';
import { createTestStores } from '../__testUtils__/stores';
import {
  createEndpointPool,
  declare,
  makeAttempt,
  user,
} from './__testUtils__/endpointPools';

const stores = createTestStores();
const endpointCount = 500;
const attemptCount = 5_000;
const eventId = newEventId();

type Pools = ReturnType<typeof createEndpointPool>;

/** Some hundred endpoints, thousands of attempts, and what a database knows about them. */
async function fill({ pool, store }: Pools): Promise<void> {
  await pool.reconcile(
    Array.from({ length: endpointCount }, (_, index) => declare(`e${index}`)),
  );
  await store
    .knex('callboard_endpoints')
    .whereIn('id', ['e1', 'e2'])
    .update({ keys_end_at: Date.now() + 3_600_000 });
  await store.knex.batchInsert(
    'callboard_endpoint_replays',
    Array.from({ length: endpointCount }, (_, index) => ({
      id: newEventId(),
      endpoint_id: `e${index}`,
      query: '{}',
      state: index < 3 ? 'running' : 'done',
      total: 1,
      looked_at: 0,
      owed: 0,
      place: 0,
      up_to: 9,
      created_by: user,
      created_at: index,
      updated_at: index,
    })),
    100,
  );
  await pool.recordAttempts(
    Array.from({ length: attemptCount }, (_, index) =>
      makeAttempt({
        endpointId: `e${index % 50}`,
        outcome: index % 100 === 7 ? 'failed' : 'delivered',
        startedAtMs: index * 10,
      }),
    ),
  );
  await store.knex.raw('ANALYZE');
}

describe.each(stores.ids)('indexes on %s', storeId => {
  let pools: Pools;
  beforeAll(async () => {
    pools = createEndpointPool(await stores.open(storeId));
    await fill(pools);
  });

  it.each<[string, (pool: Pools['pool']) => Promise<unknown>]>([
    ['reading an endpoint', pool => pool.read('e7')],
    [
      'pausing an endpoint',
      pool => pool.setState('e7', { state: 'paused', by: user }),
    ],
    ['looking for keys that have ended', pool => pool.expireKeys()],
    ['reading health', pool => pool.readHealth('e7')],
    ['replacing health', pool => pool.replaceHealth('e7', undefined, {})],
    [
      'reserving and giving back',
      async pool => {
        await pool.reserve('e7', { count: 2, intervalMs: 9, burst: 5 });
        await pool.refund('e7', 1, 9);
      },
    ],
    [
      'listing the attempts of an endpoint',
      pool =>
        pool.listAttempts({
          endpointId: 'e7',
          before: { startedAtMs: attemptCount * 5, id: newEventId() },
          limit: 50,
        }),
    ],
    [
      'listing the failures of an endpoint',
      pool =>
        pool.listAttempts({ endpointId: 'e7', outcome: 'failed', limit: 50 }),
    ],
    [
      'listing the attempts at an event',
      pool => pool.listAttempts({ eventId, limit: 50 }),
    ],
    [
      'listing the attempts of a time',
      pool => pool.listAttempts({ fromMs: 100, toMs: 1_000, limit: 50 }),
    ],
    ['reading an attempt', pool => pool.readAttempt(newEventId())],
    ['summing up', pool => pool.summarizeAttempts('e7', attemptCount * 5)],
    [
      'removing old attempts',
      // Begun in the first second of all.
      pool => pool.removeAttempts(Date.now() - 1_000, 5),
    ],
    [
      'removing the attempts of an endpoint',
      pool => pool.removeAttemptsOf('e8', 5),
    ],
    ['listing the replays of an endpoint', pool => pool.listReplays('e7')],
    ['listing the replays that run', pool => pool.listRunningReplays()],
    [
      'moving a replay on',
      pool =>
        pool.advanceReplay(eventId, 0, { place: 1, lookedAt: 1, owed: 1 }),
    ],
  ])('serve %s', async (_, operation) => {
    const plans = await explainQueries(pools.store, () =>
      operation(pools.pool),
    );
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      for (const table of [
        'callboard_endpoints',
        'callboard_endpoint_health',
        'callboard_endpoint_attempts',
        'callboard_endpoint_replays',
      ]) {
        expect({ scans: findScans(plan, table), plan }).toEqual({
          scans: [],
          plan,
        });
      }
    }
  });
});
