import {
  createPools,
  createSubscribedPools,
  expectBatch,
  failed,
  positionsOf,
} from '../__testUtils__/pools';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';

const stores = createTestStores();

describe.each(stores.ids)('rescuing lapsed batches on %s', storeId => {
  it('owes everything in the batch, with an attempt counted', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', undefined);
    const batch = expectBatch(await pools.claim('s'));
    await pools.lapse(batch);
    await expect(pools.subscriptions.rescueLapsed(10)).resolves.toEqual({
      batches: 1,
      topics: new Set(['t']),
    });
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'blocked', 1],
      [3, 'due', 1],
    ]);
    const again = expectBatch(await pools.claim('s'));
    expect(positionsOf(again)).toEqual([1, 3]);
    expect(again.events.map(({ attempt }) => attempt)).toEqual([2, 2]);
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      lastError: expect.stringContaining('vanished'),
    });
  });

  it('gives up on an event that takes its reader with it each time', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const [event] = await pools.publish('k', 'k');
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const batch = expectBatch(await pools.claim('s', { maxEvents: 1 }));
      expect(positionsOf(batch)).toEqual([1]);
      await pools.lapse(batch);
      await pools.subscriptions.rescueLapsed(10);
    }
    expect(pools.observed.dead).toEqual([event.id]);
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });

  it('lets a lapsed ticket settle nothing', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    const batch = expectBatch(await pools.claim('s'));
    await pools.lapse(batch);
    await pools.subscriptions.rescueLapsed(10);
    await expect(pools.settle(batch, () => failed)).resolves.toBe(false);
    await expect(pools.readDeliveries()).resolves.toEqual([[1, 'due', 1]]);
    await expect(
      pools.subscriptions.renew([batch.ticket], 60_000),
    ).resolves.toEqual(new Set());
  });

  it('lets a ticket settle once', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    const batch = expectBatch(await pools.claim('s'));
    await expect(pools.settle(batch)).resolves.toBe(true);
    await expect(pools.settle(batch, () => failed)).resolves.toBe(false);
    await expect(pools.readDeliveries()).resolves.toEqual([]);
  });

  it('leaves a batch whose lease was renewed', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    const batch = expectBatch(await pools.claim('s'));
    await pools.lapse(batch);
    await expect(
      pools.subscriptions.renew([batch.ticket, batch.ticket], 60_000),
    ).resolves.toEqual(new Set([batch.ticket]));
    await expect(pools.subscriptions.rescueLapsed(10)).resolves.toMatchObject({
      batches: 0,
    });
    await expect(pools.settle(batch)).resolves.toBe(true);
  });

  it('rescues no more batches than the limit at once', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined, undefined);
    for (let count = 0; count < 3; count += 1) {
      await pools.claim('s', { maxEvents: 1 });
    }
    await pools.subscriptions.lapseAll();
    const { subscriptions } = pools;
    await expect(subscriptions.rescueLapsed(2)).resolves.toMatchObject({
      batches: 2,
    });
    await expect(subscriptions.rescueLapsed(2)).resolves.toMatchObject({
      batches: 1,
    });
    expect(positionsOf(await pools.claim('s'))).toEqual([1, 2, 3]);
  });

  it('frees a key whose events are gone from the log', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    const batch = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    await pools.log.trim(1, 10);
    await pools.lapse(batch);
    await pools.subscriptions.rescueLapsed(10);
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });

  describe('an event that another replica trims, which alone calls its topic ephemeral', () => {
    /** Two events of one key; the first is of a topic that is not ephemeral here. */
    async function publishPair() {
      const pools = createPools(await stores.open(storeId));
      await pools.subscriptions.register('s', ['short', 't']);
      await pools.log.append([
        makeEvent('short', { key: 'k' }),
        makeEvent('t', { key: 'k' }),
      ]);
      return pools;
    }

    it('frees its key when it is gone before it is claimed again', async () => {
      const pools = await publishPair();
      const batch = expectBatch(await pools.claim('s'));
      await pools.settle(batch, () => failed);
      await pools.passPauses();
      await pools.log.trim(1, 10, ['short']);
      await pools.claim('s');
      await expect(pools.readDeliveries()).resolves.toEqual([[2, 'due', 0]]);
      // The batch that has nothing of it left is settled or rescued; until then it has the key in hand.
      await pools.subscriptions.lapseAll();
      await pools.subscriptions.rescueLapsed(10);
      const next = expectBatch(await pools.claim('s'));
      expect(positionsOf(next)).toEqual([2]);
      await pools.settle(next);
      await expect(pools.deliveries.readFloor()).resolves.toBeUndefined();
    });

    it('frees its key when it goes while a reader that vanishes has it in hand', async () => {
      const pools = await publishPair();
      await pools.settle(expectBatch(await pools.claim('s')), () => failed);
      await pools.passPauses();
      const batch = expectBatch(await pools.claim('s'));
      expect(positionsOf(batch)).toEqual([1]);
      await pools.log.trim(1, 10, ['short']);
      await pools.lapse(batch);
      await pools.subscriptions.rescueLapsed(10);
      await pools.settle(expectBatch(await pools.claim('s')));
      await expect(pools.deliveries.readFloor()).resolves.toBeUndefined();
    });

    it('leaves to the trimming what the hard cap took, which counts it', async () => {
      const pools = await publishPair();
      await pools.settle(expectBatch(await pools.claim('s')), () => failed);
      await pools.passPauses();
      await pools.log.trim(1, 10);
      await pools.claim('s');
      await expect(pools.deliveries.removeUpTo(1, 100)).resolves.toMatchObject({
        lost: 1,
      });
    });
  });
});

describe.each(stores.ids.filter(id => id === 'POSTGRES_15'))(
  'renewing a lease on %s',
  storeId => {
    it('does not wait for a replica that froze with the subscription in its hands', async () => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      const { store, subscriptions } = pools;
      await pools.publish(undefined);
      const { ticket } = expectBatch(await pools.claim('s'));
      const readEnd = () =>
        store.knex('callboard_batches').where({ ticket }).first('leased_until');
      const before = await readEnd();

      const frozen = await stores.openReplica(store).knex.transaction();
      await store.dialect.lockSubscription(frozen, 's');
      const renewal = subscriptions.renew([ticket], 3_600_000);
      await untilBlocked(store, 'heartbeat_at');
      const after = await readEnd();
      await frozen.rollback();
      expect(Number(after.leased_until)).toBeGreaterThan(
        Number(before.leased_until),
      );
      await expect(renewal).resolves.toEqual(new Set([ticket]));
    });
  },
);
