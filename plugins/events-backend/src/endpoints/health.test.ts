import { createTestStores } from '../__testUtils__/stores';
import {
  createEndpointPool,
  holdUp,
  makeSettings,
} from './__testUtils__/endpointPools';

const stores = createTestStores();
const hour = 3_600_000;

/** Opens a pool with an endpoint `e`, and the same store as another replica has it. */
async function open(storeId: (typeof stores.ids)[number]) {
  const store = await stores.openInSchema(storeId);
  const { pool, create } = createEndpointPool(store);
  await create('e');
  const replica = createEndpointPool(stores.openReplica(store));
  return { store, pool, replica: replica.pool, create };
}

describe.each(stores.ids)('the health of an endpoint on %s', storeId => {
  it('is what it was replaced with', async () => {
    const { pool, create } = await open(storeId);
    await create('f');
    await expect(pool.readHealth('e')).resolves.toBeUndefined();
    await expect(pool.readAllHealth()).resolves.toEqual(new Map());
    await expect(
      pool.replaceHealth('e', undefined, { round: 1 }),
    ).resolves.toBe(true);
    await expect(pool.readHealth('e')).resolves.toEqual({
      version: 1,
      health: { round: 1 },
    });
    await expect(pool.replaceHealth('e', 1, { round: 2 })).resolves.toBe(true);
    const health = { version: 2, health: { round: 2 } };
    await expect(pool.readAllHealth()).resolves.toEqual(
      new Map([['e', health]]),
    );
  });

  it('is replaced by whoever read it as it is, and by nobody else', async () => {
    const { pool } = await open(storeId);
    await expect(pool.replaceHealth('e', 1, {})).resolves.toBe(false);
    await pool.replaceHealth('e', undefined, { round: 1 });
    await expect(pool.replaceHealth('e', undefined, {})).resolves.toBe(false);
    await pool.replaceHealth('e', 1, { round: 2 });
    await expect(pool.replaceHealth('e', 1, {})).resolves.toBe(false);
    await expect(pool.readHealth('e')).resolves.toMatchObject({
      health: { round: 2 },
    });
  });

  it.each([undefined, 1])(
    'is replaced by one of two replicas that read the same, version %s',
    async version => {
      const { pool, replica, store } = await open(storeId);
      if (version !== undefined) {
        await pool.replaceHealth('e', undefined, {});
      }
      const table = 'callboard_endpoint_health';
      const release = await holdUp(store, table, { endpoint_id: 'e' });
      const both = [pool, replica].map((each, index) =>
        each.replaceHealth('e', version, { index }),
      );
      await release(2);
      const outcomes = await Promise.all(both);
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      await expect(pool.readHealth('e')).resolves.toMatchObject({
        health: { index: outcomes.indexOf(true) },
      });
    },
  );

  it('that was forgotten is not brought back by whoever still has it in hand', async () => {
    const { pool } = await open(storeId);
    await pool.replaceHealth('e', undefined, { failures: 9 });
    await pool.change('e', { settings: makeSettings() });
    for (const version of [undefined, 1]) {
      await expect(
        pool.replaceHealth('e', version, { failures: 10 }),
      ).resolves.toBe(false);
    }
    await expect(pool.replaceHealth('e', 2, { failures: 0 })).resolves.toBe(
      true,
    );
    await expect(pool.replaceHealth('e', 1, { failures: 10 })).resolves.toBe(
      false,
    );
  });
});

describe.each(stores.ids)('the rate limit of an endpoint on %s', storeId => {
  const limit = { intervalMs: hour, burst: 5 };

  it('lets a burst begin, and says how long to wait for the next', async () => {
    const { pool } = await open(storeId);
    await expect(pool.reserve('e', { ...limit, count: 3 })).resolves.toEqual({
      granted: 3,
      waitMs: 0,
    });
    await expect(pool.reserve('e', { ...limit, count: 9 })).resolves.toEqual({
      granted: 2,
      waitMs: 0,
    });
    const { granted, waitMs } = await pool.reserve('e', { ...limit, count: 1 });
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(hour - 60_000);
    expect(waitMs).toBeLessThanOrEqual(hour);
  });

  it('takes back what does not begin', async () => {
    const { pool } = await open(storeId);
    await pool.reserve('e', { ...limit, count: 5 });
    await pool.refund('e', 2, hour);
    await expect(
      pool.reserve('e', { ...limit, count: 5 }),
    ).resolves.toMatchObject({ granted: 2 });
  });

  it('is each its own', async () => {
    const { pool, create } = await open(storeId);
    await create('f');
    await pool.reserve('e', { ...limit, count: 5 });
    await expect(
      pool.reserve('f', { ...limit, count: 5 }),
    ).resolves.toMatchObject({ granted: 5 });
  });

  it('holds over two replicas that reserve at once', async () => {
    const { pool, replica, store } = await open(storeId);
    const table = 'callboard_endpoint_health';
    const release = await holdUp(store, table, { endpoint_id: 'e' });
    const wishes = [pool, replica].map(each =>
      each.reserve('e', { ...limit, count: 3 }),
    );
    await release(2);
    const reservations = await Promise.all(wishes);
    expect(reservations.map(({ granted }) => granted).sort()).toEqual([2, 3]);
  });

  it('holds over many that reserve at once', async () => {
    const { pool, replica } = await open(storeId);
    const reservations = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? pool : replica).reserve('e', {
          intervalMs: hour,
          burst: 31,
          count: 2,
        }),
      ),
    );
    const granted = reservations.reduce((sum, each) => sum + each.granted, 0);
    expect(granted).toBe(31);
  });
});
