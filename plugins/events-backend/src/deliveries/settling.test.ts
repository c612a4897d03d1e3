import {
  createSubscribedPools,
  delivered,
  expectBatch,
  failed,
  positionsOf,
  untried,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

describe.each(stores.ids)('settling on %s', storeId => {
  it('leaves no row of a batch that went well', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', undefined);
    const batch = expectBatch(await pools.claim('s'));
    await expect(pools.settle(batch)).resolves.toBe(true);
    const { knex } = pools.store;
    for (const table of ['deliveries', 'attempts', 'batches']) {
      await expect(knex(`callboard_${table}`)).resolves.toEqual([]);
    }
  });

  it('owes an event that failed, after a pause', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    const before = Date.now();
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);

    await expect(pools.readDeliveries()).resolves.toEqual([[1, 'due', 1]]);
    const [row] = await pools.deliveries.list({ limit: 10 });
    expect(Number(row.due_at)).toBeGreaterThan(before + 3_000_000);
    expect(row.last_error).toBe('boom');
    expect(await pools.deliveries.dueInMs('s')).toBeGreaterThan(3_000_000);
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      lastError: 'boom',
      lastErrorAtMs: expect.any(Number),
    });
  });

  it('holds up the key of an event that failed, and no other', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'other', undefined);
    const batch = expectBatch(await pools.claim('s'));
    await pools.settle(batch, ({ event }) =>
      event.position === 1 ? failed : delivered,
    );
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'blocked', 0],
    ]);

    // What comes later goes on, except behind the one that failed.
    await pools.publish('k', 'other', undefined);
    const next = expectBatch(await pools.claim('s'));
    expect(positionsOf(next)).toEqual([6, 7]);
    await pools.settle(next);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'blocked', 0],
      [5, 'blocked', 0],
    ]);
  });

  it('goes on with the key, in order, once the failed event is delivered', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'k', 'k');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();

    const again = expectBatch(await pools.claim('s'));
    expect(again.events).toMatchObject([
      { event: { position: 1 }, attempt: 2, owed: true },
    ]);
    await pools.settle(again);
    const rest = expectBatch(await pools.claim('s'));
    expect(positionsOf(rest)).toEqual([2, 3, 4]);
    expect(rest.events.every(({ attempt }) => attempt === 1)).toBe(true);
    await pools.settle(rest);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'delivered', 2],
      [2, 'delivered', 1],
      [3, 'delivered', 1],
      [4, 'delivered', 1],
    ]);
  });

  it('gives up after the last attempt, says so, and goes on with the key', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const [event] = await pools.publish('k', 'k');
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await pools.passPauses();
      const batch = expectBatch(await pools.claim('s'));
      expect(batch.events[0]).toMatchObject({ attempt });
      await pools.settle(batch, () => failed);
    }
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'dead', 3],
      [2, 'due', 0],
    ]);
    expect(pools.observed).toEqual({ dead: [event.id], retried: ['s', 's'] });
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });

  it('writes down every attempt', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    const lapsed = expectBatch(await pools.claim('s'));
    await pools.lapse(lapsed);
    await pools.subscriptions.rescueLapsed(10);
    await pools.settle(expectBatch(await pools.claim('s')));

    const { attempts, deliveries } = await pools.deliveries.readOfEvent(1);
    expect(attempts).toMatchObject([
      { number: 1, outcome: 'failed', error: 'boom', duration_ms: 1 },
      { number: 2, outcome: 'lapsed', duration_ms: null },
      { number: 3, outcome: 'delivered', error: null, duration_ms: 1 },
    ]);
    expect(deliveries).toMatchObject([{ state: 'delivered', attempts: 3 }]);
  });

  it('does not count an event that was not tried', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => untried);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 0],
      [2, 'due', 0],
    ]);
    const again = expectBatch(await pools.claim('s'));
    expect(again.events.map(({ attempt }) => attempt)).toEqual([1, 1]);
    const { attempts } = await pools.deliveries.readOfEvent(1);
    expect(attempts).toEqual([]);
  });

  it('works off a long row behind a failed event in batches', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(...Array.from({ length: 10 }, () => 'k'));
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    await pools.settle(expectBatch(await pools.claim('s')));
    const batch = expectBatch(await pools.claim('s', { maxEvents: 5 }));
    expect(positionsOf(batch)).toEqual([2, 3, 4, 5, 6]);
    await pools.settle(batch, ({ event }) =>
      event.position === 4 ? failed : delivered,
    );
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await pools.passPauses();
    expect(positionsOf(await pools.claim('s'))).toEqual([4]);
  });

  it('settles a batch of more rows than one statement takes', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(...Array.from({ length: 1_200 }, () => undefined));
    const batch = expectBatch(await pools.claim('s', { maxEvents: 1_200 }));
    await pools.settle(batch, () => failed);
    await expect(pools.deliveries.count('s', ['due', 'dead'])).resolves.toEqual(
      new Map([
        ['due', 1_200],
        ['dead', 0],
      ]),
    );
  });
});
