import { createTestStores } from '../__testUtils__/stores';
import {
  createEndpointPool,
  holdUp,
  user,
} from './__testUtils__/endpointPools';

const stores = createTestStores();

/** Opens a pool with endpoints `e` and `f`. */
async function open(storeId: (typeof stores.ids)[number]) {
  const store = await stores.openInSchema(storeId);
  const { pool, create, unreadable } = createEndpointPool(store);
  await create('e');
  await create('f');
  return {
    store,
    pool,
    unreadable,
    begin: (endpointId = 'e') =>
      pool.createReplay({
        endpointId,
        query: '{"topics":["github.*"]}',
        total: 50,
        place: 100,
        upTo: 2 ** 40,
        createdBy: user,
      }),
  };
}

describe.each(stores.ids)('a replay on %s', storeId => {
  it('is read as it was begun, and runs', async () => {
    const { pool, begin } = await open(storeId);
    const replay = await begin();
    expect(replay).toEqual({
      id: expect.any(String),
      endpointId: 'e',
      query: '{"topics":["github.*"]}',
      state: 'running',
      total: 50,
      lookedAt: 0,
      owed: 0,
      place: 100,
      upTo: 2 ** 40,
      error: undefined,
      createdBy: user,
      createdAtMs: expect.any(Number),
      updatedAtMs: replay.createdAtMs,
    });
    await expect(pool.readReplay(replay.id)).resolves.toEqual(replay);
    await pool.remove('e');
    await expect(pool.readReplay(replay.id)).resolves.toBeUndefined();
  });

  it('is listed with its endpoint newest first, and while it runs oldest first', async () => {
    const { pool, begin } = await open(storeId);
    const first = await begin();
    const other = await begin('f');
    const second = await begin();
    await expect(pool.listReplays('e')).resolves.toEqual([second, first]);
    await pool.cancelReplay(other.id);
    await expect(pool.listRunningReplays()).resolves.toEqual([first, second]);
  });

  it('is moved on to its end', async () => {
    const { pool, begin } = await open(storeId);
    const { id } = await begin();
    await expect(
      pool.advanceReplay(id, 100, { place: 200, lookedAt: 100, owed: 7 }),
    ).resolves.toBe(true);
    await expect(pool.readReplay(id)).resolves.toMatchObject({
      state: 'running',
      place: 200,
      lookedAt: 100,
      owed: 7,
    });
    await expect(
      pool.advanceReplay(id, 200, {
        place: 300,
        lookedAt: 200,
        owed: 9,
        state: 'failed',
        error: 'The log is\0 trimmed',
      }),
    ).resolves.toBe(true);
    await expect(pool.readReplay(id)).resolves.toMatchObject({
      state: 'failed',
      error: 'The log is\uFFFD trimmed',
    });
    await expect(
      pool.advanceReplay(id, 300, { place: 400, lookedAt: 300, owed: 9 }),
    ).resolves.toBe(false);
    await expect(pool.listRunningReplays()).resolves.toEqual([]);
  });

  it('is moved on by one of two replicas', async () => {
    const { pool, store, begin } = await open(storeId);
    const replica = createEndpointPool(stores.openReplica(store));
    const { id } = await begin();
    const release = await holdUp(store, 'callboard_endpoint_replays', { id });
    const both = [pool, replica.pool].map((each, index) =>
      each.advanceReplay(id, 100, { place: 200, lookedAt: 100, owed: index }),
    );
    await release(2);
    const outcomes = await Promise.all(both);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    await expect(pool.readReplay(id)).resolves.toMatchObject({
      owed: outcomes.indexOf(true),
    });
  });

  it('that is cancelled is moved on by nobody', async () => {
    const { pool, begin } = await open(storeId);
    const { id } = await begin();
    await expect(pool.cancelReplay(id)).resolves.toBe(true);
    await expect(pool.cancelReplay(id)).resolves.toBe(false);
    await expect(
      pool.advanceReplay(id, 100, { place: 200, lookedAt: 100, owed: 7 }),
    ).resolves.toBe(false);
    await expect(pool.readReplay(id)).resolves.toMatchObject({
      state: 'cancelled',
      place: 100,
    });
  });

  it('is removed some time after it has ended', async () => {
    const { pool, begin, store } = await open(storeId);
    const [running, ...ended] = [await begin(), await begin(), await begin()];
    for (const { id } of ended) {
      await pool.cancelReplay(id);
    }
    await expect(pool.removeReplays(60_000, 5)).resolves.toBe(0);
    await store.knex('callboard_endpoint_replays').update({ updated_at: 0 });
    await expect(pool.removeReplays(60_000, 1)).resolves.toBe(1);
    await expect(pool.removeReplays(60_000, 5)).resolves.toBe(1);
    await expect(pool.listReplays('e')).resolves.toMatchObject([
      { id: running.id },
    ]);
  });

  it('that cannot be read takes no other down', async () => {
    const { pool, begin, store, unreadable } = await open(storeId);
    const [first, second] = [await begin(), await begin()];
    await store
      .knex('callboard_endpoint_replays')
      .where({ id: first.id })
      .update({ state: 'waiting' });
    await expect(pool.listReplays('e')).resolves.toEqual([second]);
    expect(unreadable).toEqual([expect.stringMatching(/^e: .*state/s)]);
  });
});
