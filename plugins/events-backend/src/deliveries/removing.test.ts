import {
  createSubscribedPools,
  delivered,
  expectBatch,
  failed,
  positionsOf,
  type Pools,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';

const stores = createTestStores();
// SQLite has one connection: nothing comes between two statements of a transaction.
const shared = stores.ids.filter(id => id === 'POSTGRES_15');
const dayMs = 86_400_000;

/** Lets the first of a number of events with one key fail, so that each of them is owed. */
async function oweMany(pools: Pools, count: number): Promise<void> {
  await pools.publish(...Array.from({ length: count }, () => 'k'));
  const batch = await pools.claim('s', { maxEvents: count });
  await pools.settle(expectBatch(batch), () => failed);
}

describe.each(stores.ids)('removing the dead on %s', storeId => {
  it('takes those that have been dead for longest, so many at a time', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId), {
      maxAttempts: 1,
    });
    await pools.subscriptions.register('other', ['t']);
    await pools.publish(undefined, undefined, undefined);
    for (const id of ['s', 'other']) {
      await pools.settle(expectBatch(await pools.claim(id)), () => failed);
    }
    const { knex } = pools.store;
    await knex('callboard_deliveries').update({
      updated_at: knex.raw('position'),
    });
    await expect(pools.deliveries.removeDead(dayMs, 4)).resolves.toBe(4);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [3, 'dead', 1],
      [3, 'dead', 1],
    ]);
  });
});

describe.each(stores.ids)('removing what is trimmed, on %s', storeId => {
  it('takes the oldest, so many at a time, and lets the next of their key be due', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await oweMany(pools, 4);
    await expect(pools.deliveries.removeUpTo(3, 2)).resolves.toMatchObject({
      lost: 2,
    });
    await expect(pools.readDeliveries()).resolves.toEqual([
      [3, 'due', 0],
      [4, 'blocked', 0],
    ]);
    await expect(pools.deliveries.removeUpTo(3, 2)).resolves.toMatchObject({
      lost: 1,
    });
    await expect(pools.deliveries.removeUpTo(3, 2)).resolves.toEqual({
      found: 0,
      lost: 0,
    });
    await expect(pools.readDeliveries()).resolves.toEqual([[4, 'due', 0]]);
  });

  it('takes attempts whose dead delivery is gone already', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId), {
      maxAttempts: 1,
    });
    await oweMany(pools, 1);
    await pools.deliveries.removeDead(-dayMs, 10);
    const readAttempts = async () =>
      (await pools.deliveries.readOfEvent(1)).attempts;
    await expect(readAttempts()).resolves.toHaveLength(1);
    await pools.deliveries.removeUpTo(1, 10);
    await expect(readAttempts()).resolves.toEqual([]);
  });
});

describe.each(stores.ids)(
  'removing a subscription to which much is owed, on %s',
  storeId => {
    const silentForMs = 60_000;

    async function fallSilent({ store }: Pools): Promise<void> {
      await store
        .knex('callboard_subscriptions')
        .where({ id: 's' })
        .update({ heartbeat_at: 0 });
    }

    it('takes a part of it at a time, and the subscription last', async () => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      await oweMany(pools, 2_500);
      await fallSilent(pools);
      const outcomes: string[] = [];
      const left: number[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const { outcome } = await pools.subscriptions.removeSilent(
          's',
          silentForMs,
        );
        outcomes.push(outcome);
        left.push((await pools.readDeliveries()).length);
      }
      expect(outcomes).toEqual(['begun', 'begun', 'removed']);
      expect(left).toEqual([1_500, 500, 0]);
      await expect(pools.subscriptions.list()).resolves.toEqual([]);
    });

    it('leaves the rest, in order, to whoever reads it again', async () => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      await oweMany(pools, 1_002);
      await fallSilent(pools);
      await pools.subscriptions.removeSilent('s', silentForMs);
      await pools.subscriptions.register('s', ['t']);
      await expect(
        pools.subscriptions.removeSilent('s', silentForMs),
      ).resolves.toEqual({ outcome: 'kept' });
      await pools.publish('k');
      const batch = expectBatch(await pools.claim('s'));
      expect(positionsOf(batch).slice(0, 2)).toEqual([1_001, 1_002]);
      await pools.settle(batch, () => delivered);
    });

    it('takes all of it when somebody asks for that', async () => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      await oweMany(pools, 2_500);
      await pools.subscriptions.remove('s');
      await expect(pools.readDeliveries()).resolves.toEqual([]);
      await expect(pools.subscriptions.list()).resolves.toEqual([]);
    });
  },
);

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'removing the dead side by side with a replay, on %s',
  () => {
    it('leaves what is due again', async () => {
      const store = await stores.open('POSTGRES_15');
      const pools = await createSubscribedPools(store, { maxAttempts: 1 });
      await oweMany(pools, 1);

      const replica = stores.openReplica(store);
      const replay = await replica.knex.transaction();
      await store.dialect.lockSubscription(replay, 's');
      await replay('callboard_deliveries').update({ state: 'due' });
      const removing = pools.deliveries.removeDead(-dayMs, 10);
      await untilBlocked(replica, 'callboard_');
      await replay.commit();
      await expect(removing).resolves.toBe(0);
      await expect(pools.readDeliveries()).resolves.toEqual([[1, 'due', 1]]);
    });
  },
);
