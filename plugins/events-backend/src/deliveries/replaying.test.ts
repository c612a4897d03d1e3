import {
  createSubscribedPools,
  delivered,
  expectBatch,
  failed,
  positionsOf,
  type Pools,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

async function replay(pools: Pools, positions: number[], dryRun = false) {
  const events = await pools.log.readPositions(positions);
  return pools.deliveries.replay('s', events, { dryRun });
}

describe.each(stores.ids)('replaying on %s', storeId => {
  it('owes an event again that was delivered', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', undefined);
    await pools.settle(expectBatch(await pools.claim('s')));
    await expect(replay(pools, [1, 2])).resolves.toEqual({
      owed: 2,
      alreadyOwed: 0,
    });
    const batch = expectBatch(await pools.claim('s'));
    expect(batch.events).toMatchObject([
      { event: { position: 1 }, attempt: 1, owed: true },
      { event: { position: 2 }, attempt: 1, owed: true },
    ]);
    await pools.settle(batch);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'delivered', 1],
      [2, 'delivered', 1],
    ]);
  });

  it('owes a dead event again, with all its attempts before it', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId), {
      maxAttempts: 1,
    });
    await pools.publish('k');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await expect(pools.readDeliveries()).resolves.toEqual([[1, 'dead', 1]]);
    await replay(pools, [1]);
    await pools.settle(expectBatch(await pools.claim('s')));
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'delivered', 1],
    ]);
    const { attempts } = await pools.deliveries.readOfEvent(1);
    expect(attempts).toMatchObject([
      { number: 1, outcome: 'failed' },
      { number: 2, outcome: 'delivered' },
    ]);
  });

  it('leaves an event that is owed as it is', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await expect(replay(pools, [1, 2])).resolves.toEqual({
      owed: 0,
      alreadyOwed: 2,
    });
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'blocked', 0],
    ]);
  });

  it('only counts in a dry run', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k');
    await pools.settle(expectBatch(await pools.claim('s')));
    await expect(replay(pools, [1], true)).resolves.toEqual({
      owed: 1,
      alreadyOwed: 0,
    });
    await expect(pools.readDeliveries()).resolves.toEqual([]);
  });

  it('replays a key in order', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'k');
    await pools.settle(expectBatch(await pools.claim('s')));
    await replay(pools, [3, 1, 2]);
    const batch = expectBatch(await pools.claim('s'));
    expect(positionsOf(batch)).toEqual([1, 2, 3]);
    await pools.settle(batch, () => failed);
    await pools.passPauses();
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });

  it('hands out a replayed event before a later one of its key that is owed already', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    await pools.settle(expectBatch(await pools.claim('s')), ({ event }) =>
      event.position === 1 ? delivered : failed,
    );
    await replay(pools, [1]);
    await pools.passPauses();
    const batch = expectBatch(await pools.claim('s'));
    expect(positionsOf(batch)).toEqual([1, 2]);
  });

  it('waits for a reader that has the key in hand', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'k');
    await pools.settle(expectBatch(await pools.claim('s', { maxEvents: 1 })));
    const inHand = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    expect(positionsOf(inHand)).toEqual([2]);
    await replay(pools, [1]);
    await expect(pools.claim('s')).resolves.toBeUndefined();

    await pools.settle(inHand, () => failed);
    const again = expectBatch(await pools.claim('s'));
    expect(positionsOf(again)).toEqual([1, 2, 3]);
    await pools.settle(again, ({ event }) =>
      event.position === 1 ? delivered : failed,
    );
    await pools.passPauses();
    const next = expectBatch(await pools.claim('s'));
    expect(positionsOf(next)[0]).toBe(2);
  });

  it('owes an event again that a reader has in hand', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k');
    const inHand = expectBatch(await pools.claim('s'));
    await replay(pools, [1]);
    await pools.settle(inHand);
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });
});
