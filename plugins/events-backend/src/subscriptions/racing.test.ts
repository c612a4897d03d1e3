import { makeEvent } from '../__testUtils__/makeEvent';
import {
  createSubscribedPools,
  expectBatch,
  positionsOf,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';
import { SubscriptionPool } from './SubscriptionPool';

const stores = createTestStores();

const limits = {
  maxEvents: 10,
  maxBytes: 1_000,
  leaseMs: 60_000,
  patienceMs: 60_000,
};

describe.each(stores.ids)(
  'a topic added while a claim is under way, on %s',
  storeId => {
    /** Pools whose claims find the topic `new` registered, and an event of it appended, before they have read the log. */
    async function openRacing() {
      const pools = await createSubscribedPools(await stores.open(storeId));
      let raced = false;
      const racing = new SubscriptionPool({
        store: pools.store,
        deliveries: pools.deliveries,
        log: {
          tail: () => pools.log.tail(),
          ends: () => pools.log.ends(),
          positionBefore: timeMs => pools.log.positionBefore(timeMs),
          readPositions: positions => pools.log.readPositions(positions),
          readHeads: positions => pools.log.readHeads(positions),
          findNext: (...args) => pools.log.findNext(...args),
          async readAfter(...args) {
            if (!raced) {
              raced = true;
              await pools.subscriptions.register('s', ['t', 'new']);
              await pools.log.append([makeEvent('new')]);
            }
            return pools.log.readAfter(...args);
          },
        },
      });
      return { pools, racing };
    }

    it('does not skip an event of the topic when there is something to claim', async () => {
      const { pools, racing } = await openRacing();
      await pools.publish(undefined);
      const claim = await racing.claim('s', limits);
      expect(positionsOf(claim.batch)).toEqual([1, 2]);
    });

    it('does not skip an event of the topic when there is nothing to claim', async () => {
      const { pools, racing } = await openRacing();
      // So far behind, or silent for so long, that the cursor is moved over what is not wanted.
      await pools.store
        .knex('callboard_subscriptions')
        .update({ heartbeat_at: 0 });
      const claim = await racing.claim('s', limits);
      expect(positionsOf(claim.batch)).toEqual([1]);
    });
  },
);

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'looking at a store that others change, on %s',
  () => {
    it('sees an event that goes from behind the cursor into a batch', async () => {
      const store = await stores.open('POSTGRES_15');
      const { subscriptions, publish } = await createSubscribedPools(store);
      await publish(undefined);

      const claiming = await store.knex.transaction();
      await claiming.raw('LOCK TABLE callboard_subscriptions');
      const floor = subscriptions.readFloor();
      await untilBlocked(store, 'min("cursor")');
      await claiming('callboard_subscriptions').update({ cursor: 1 });
      await claiming('callboard_batches').insert({
        ticket: '00000000-0000-4000-8000-000000000000',
        subscription_id: 's',
        positions: '[1]',
        first_position: 1,
        keys: '[]',
        claimed_at: 0,
        leased_until: 0,
      });
      await claiming.commit();
      await expect(floor).resolves.toBe(0);
    });

    it('does not claim twice what two readers reach for at once', async () => {
      const store = await stores.open('POSTGRES_15');
      const pools = await createSubscribedPools(store);
      await pools.publish(undefined);

      const holder = await store.knex.transaction();
      await store.dialect.lockSubscription(holder, 's');
      const both = [pools.claim('s'), pools.claim('s')];
      await untilBlocked(store, 'callboard_claim', 2);
      await holder.rollback();
      const batches = await Promise.all(both);
      expect(batches.flatMap(positionsOf)).toEqual([1]);
      await pools.settle(expectBatch(batches.find(Boolean)));
    });
  },
);
