import { maxWantedTopics } from '@callboard/backstage-plugin-events-node/bus';
import { makeEvent } from '../__testUtils__/makeEvent';
import {
  createPools,
  createSubscribedPools,
  expectBatch,
  failed,
  positionsOf,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

describe.each(stores.ids)('how far a subscription is, on %s', storeId => {
  it('lags by what is between cursor and tail, if it wants any of it', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.subscriptions.register('other', ['unwanted']);
    await pools.publish(undefined, undefined, undefined);
    await expect(pools.subscriptions.listLags()).resolves.toEqual([
      { subscriptionId: 'other', lag: 0 },
      { subscriptionId: 's', lag: 3 },
    ]);
    await pools.claim('s', { maxEvents: 2 });
    await expect(pools.subscriptions.listLags()).resolves.toContainEqual({
      subscriptionId: 's',
      lag: 1,
    });
  });

  it('never lags by less than nothing, whatever is published and claimed meanwhile', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const tail = await pools.log.tail();
    jest.spyOn(pools.log, 'tail').mockImplementation(async () => {
      await pools.publish(undefined, undefined);
      await pools.claim('s', { maxEvents: 1 });
      return tail;
    });
    await expect(pools.subscriptions.listLags()).resolves.toEqual([
      { subscriptionId: 's', lag: 0 },
    ]);
  });

  it('names the positions that readers have in hand', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined, undefined);
    await pools.claim('s', { maxEvents: 1 });
    await pools.claim('s', { maxEvents: 1 });
    await expect(pools.subscriptions.listClaimed()).resolves.toEqual(
      new Map([['s', new Set([1, 2])]]),
    );
  });

  it('needs nothing without a subscription', async () => {
    const pools = createPools(await stores.open(storeId));
    await pools.publish(undefined);
    await expect(pools.subscriptions.readFloor()).resolves.toBeUndefined();
    await expect(pools.deliveries.readFloor()).resolves.toBeUndefined();
  });

  it('needs what is behind the smallest cursor and what is in hand', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const { subscriptions } = pools;
    await pools.publish(undefined, undefined, undefined);
    await expect(subscriptions.readFloor()).resolves.toBe(0);
    const first = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    await pools.settle(expectBatch(await pools.claim('s', { maxEvents: 1 })));
    await expect(subscriptions.readFloor()).resolves.toBe(0);
    await pools.settle(first);
    await expect(subscriptions.readFloor()).resolves.toBe(2);
    await subscriptions.register('new', ['t']);
    await expect(subscriptions.readFloor()).resolves.toBe(2);
  });

  it.each([
    ['due', 1],
    ['dead', 3],
  ])('needs an event that is %s', async (state, attempts) => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await pools.settle(expectBatch(await pools.claim('s', { maxEvents: 1 })));
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      await pools.passPauses();
      await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    }
    await expect(pools.readDeliveries()).resolves.toEqual([
      [2, state, attempts],
    ]);
    await expect(pools.deliveries.readFloor()).resolves.toBe(1);
  });
});

describe.each(stores.ids)('removing silent subscriptions on %s', storeId => {
  it('removes those that nobody asks for, with all that is theirs', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const { knex } = pools.store;
    await pools.subscriptions.register('alive', ['t']);
    await pools.publish(undefined, undefined);
    await pools.settle(
      expectBatch(await pools.claim('s', { maxEvents: 1 })),
      () => failed,
    );
    await pools.lapse(expectBatch(await pools.claim('s')));
    await knex('callboard_subscriptions')
      .where({ id: 's' })
      .update({ heartbeat_at: 0 });

    await expect(
      pools.subscriptions.removeSilent('alive', 60_000),
    ).resolves.toEqual({ outcome: 'kept' });
    await expect(
      pools.subscriptions.removeSilent('s', 60_000),
    ).resolves.toEqual({ outcome: 'removed', asAgreed: false });
    for (const table of ['deliveries', 'attempts', 'batches']) {
      await expect(knex(`callboard_${table}`)).resolves.toEqual([]);
    }
    await expect(pools.subscriptions.list()).resolves.toMatchObject([
      { id: 'alive', topics: [{ topic: 't' }] },
    ]);
    expect(positionsOf(await pools.claim('alive'))).toEqual([1, 2]);
  });

  it('keeps one whose reader is still at work, and claims nothing meanwhile', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k');
    const batch = expectBatch(await pools.claim('s'));
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: 0 });
    await pools.subscriptions.renew([batch.ticket], 60_000);
    await expect(
      pools.subscriptions.removeSilent('s', 60_000),
    ).resolves.toEqual({ outcome: 'kept' });
    await expect(pools.settle(batch)).resolves.toBe(true);
  });

  it('keeps one that is asked for, even if there is nothing for it', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: 0 });
    await pools.log.append([makeEvent('unwanted')]);
    await pools.claim('s');
    await expect(
      pools.subscriptions.removeSilent('s', 60_000),
    ).resolves.toEqual({ outcome: 'kept' });
  });
});

describe.each(stores.ids)('what is said of a subscription, on %s', storeId => {
  it('keeps what one process said about retries when another says nothing', async () => {
    const { subscriptions } = createPools(await stores.open(storeId));
    const retry = { maxAttempts: 7 };
    await subscriptions.register('s', ['t'], { retry });
    await subscriptions.register('s', ['t']);
    await expect(subscriptions.read('s')).resolves.toMatchObject({ retry });
    await subscriptions.register('s', ['t'], { retry: { maxAttempts: 8 } });
    await expect(subscriptions.read('s')).resolves.toMatchObject({
      retry: { maxAttempts: 8 },
    });
  });

  it('is refused where its topics would be too many altogether, and goes on with those it has', async () => {
    const pools = createPools(await stores.open(storeId));
    const { subscriptions } = pools;
    const topics = Array.from(
      { length: maxWantedTopics },
      (_, index) => `t${index}`,
    );
    await subscriptions.register('s', topics.slice(0, 600));
    await subscriptions.register('s', topics.slice(600));
    await expect(
      subscriptions.register('s', ['t0', 'one more']),
    ).rejects.toThrow(
      `Subscription 's' would want 1001 topics, and 1000 are the most.`,
    );
    await subscriptions.register('s', ['t0', 't999']);
    await pools.log.append(
      ['t999', 'one more', 't0'].map(topic => makeEvent(topic)),
    );
    expect(positionsOf(await pools.claim('s'))).toEqual([1, 3]);
  });

  it('decides when it expires by the topics of all processes', async () => {
    const { subscriptions } = createPools(await stores.open(storeId));
    const asked: string[][] = [];
    const decideExpiry = (topics: readonly string[]) => {
      asked.push([...topics].sort());
      return undefined;
    };
    await subscriptions.register('s', ['a', 'b'], { decideExpiry });
    await subscriptions.register('s', ['c', 'a'], { decideExpiry });
    await subscriptions.register('s', ['c'], { decideExpiry });
    expect(asked).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });
});
