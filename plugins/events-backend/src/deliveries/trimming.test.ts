import {
  createSubscribedPools,
  expectBatch,
  failed,
  positionsOf,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';

const stores = createTestStores();
// SQLite has one connection: nothing comes between two statements of a transaction.
const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'removing what is trimmed, on %s',
  () => {
    it('does not hold up the key of an event that comes to be owed meanwhile', async () => {
      const store = await stores.open('POSTGRES_15');
      const pools = await createSubscribedPools(store);
      await pools.subscriptions.register('other', ['t']);
      await pools.publish('k', 'k');
      const other = expectBatch(await pools.claim('other'));
      await pools.settle(other, () => failed);
      const inHand = expectBatch(await pools.claim('s'));
      await pools.log.trim(1, 1);

      const replica = stores.openReplica(store);
      const lock = await replica.knex.transaction();
      await store.dialect.lockSubscription(lock, 'other');
      const removing = pools.deliveries.removeUpTo(1, 100);
      await untilBlocked(replica, 'for update');
      await pools.settle(inHand, () => failed);
      await lock.commit();
      await removing;
      await pools.deliveries.removeUpTo(1, 100);

      await pools.passPauses();
      expect(positionsOf(await pools.claim('s'))).toEqual([2]);
    });
  },
);
