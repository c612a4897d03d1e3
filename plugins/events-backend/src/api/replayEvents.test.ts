import { makeEvent } from '../__testUtils__/makeEvent';
import { createSubscribedPools, positionsOf } from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { InProcessNotifier } from '../notifiers';
import { replayEvents } from './replayEvents';

const stores = createTestStores();

describe.each(stores.ids)('replaying through the API, on %s', storeId => {
  it('leaves an event that a subscription comes to want meanwhile to its cursor', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const { log, subscriptions } = pools;
    const list = log.list.bind(log);
    jest.spyOn(log, 'list').mockImplementationOnce(async listing => {
      await subscriptions.register('s', ['t', 'new']);
      await log.append([makeEvent('new')]);
      return list(listing);
    });

    await expect(
      replayEvents(
        { ...pools, notifier: new InProcessNotifier() },
        { dryRun: false, subscriptionId: 's', query: { topic: 'new' } },
      ),
    ).resolves.toMatchObject({ deliveries: 0, alreadyOwed: 1 });
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });
});
