import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { SubscriptionMissingError } from '@callboard/backstage-plugin-events-node/bus';
import { makeEvent } from '../__testUtils__/makeEvent';
import {
  createPools,
  createSubscribedPools,
  delivered,
  expectBatch,
  failed,
  positionsOf,
  untried,
  type Pools,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import type { Batch } from '../model/batch';
import { WishChangedError } from './WishChangedError';
import { everyTopic } from './subscriptionRow';

const stores = createTestStores();

/** Lets subscription `s` want the topic `other` and, for long enough, no more the given one. */
async function dropTopic(pools: Pools, topic: string): Promise<void> {
  await pools.subscriptions.register('s', ['other']);
  await pools.store
    .knex('callboard_subscription_topics')
    .where({ subscription_id: 's', topic })
    .update({ wanted_at: 0 });
  await expect(pools.subscriptions.endUnwantedTopics(60_000)).resolves.toEqual([
    { subscriptionId: 's', topic },
  ]);
}

describe.each(stores.ids)('registering on %s', storeId => {
  it('starts a new subscription at the end of the log', async () => {
    const pools = createPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await pools.subscriptions.register('s', ['t']);
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await pools.publish(undefined);
    expect(positionsOf(await pools.claim('s'))).toEqual([3]);
  });

  it('keeps the cursor of a subscription that comes back', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await pools.subscriptions.register('s', ['t', 't']);
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });

  it('gives a topic that is added later from there on', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append([makeEvent('later'), makeEvent('t')]);
    await pools.subscriptions.register('s', ['t', 'later']);
    await pools.log.append([makeEvent('later')]);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 3]);
  });

  it('gives a topic that is dropped up to there', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await dropTopic(pools, 't');
    await pools.publish(undefined);
    await pools.log.append([makeEvent('other')]);
    expect(positionsOf(await pools.claim('s'))).toEqual([1, 3]);
  });

  it('keeps a topic that any process still wants, or whose whole subscription is away', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.subscriptions.register('s', ['newer']);
    await pools.subscriptions.register('s', ['t']);
    await expect(
      pools.subscriptions.endUnwantedTopics(60_000),
    ).resolves.toEqual([]);
    await pools.store
      .knex('callboard_subscription_topics')
      .update({ wanted_at: 0 });
    await expect(
      pools.subscriptions.endUnwantedTopics(60_000),
    ).resolves.toEqual([]);
  });

  it('leaves out what came while a topic was not wanted', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await dropTopic(pools, 't');
    await pools.publish(undefined);
    await pools.subscriptions.register('s', ['t']);
    await pools.publish(undefined);
    expect(positionsOf(await pools.claim('s'))).toEqual([1, 3]);
  });

  it('takes up a topic that was dropped a moment ago without a gap', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await dropTopic(pools, 't');
    await pools.subscriptions.register('s', ['t']);
    await pools.publish(undefined);
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });

  it('stands once when replicas register it at the same time', async () => {
    const store = await stores.open(storeId);
    const replicas = [store, stores.openReplica(store)].map(each =>
      createPools(each),
    );
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        replicas[index % 2].subscriptions.register('s', ['t']),
      ),
    );
    const [{ subscriptions }] = replicas;
    await expect(subscriptions.list()).resolves.toMatchObject([
      { id: 's', topics: [{ topic: 't', from: 0, to: undefined }] },
    ]);
  });
});

describe.each(stores.ids)('looking again on %s', storeId => {
  it('writes nothing while all that is left is of keys in other hands', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k');
    expectBatch(await pools.claim('s'));
    await pools.publish('k');
    const look = () => pools.claim('s', { patienceMs: 0 });
    await expect(look()).resolves.toBeUndefined();
    await expect(pools.readDeliveries()).resolves.toEqual([[2, 'due', 0]]);
    const statements: string[] = [];
    pools.store.knex.on('query', ({ sql }: { sql: string }) =>
      statements.push(sql),
    );
    await expect(look()).resolves.toBeUndefined();
    expect(statements).not.toEqual([]);
    expect(
      statements.filter(sql => /^\s*(insert|update|delete)/i.test(sql)),
    ).toEqual([]);
  });
});

describe.each(stores.ids)('claiming on %s', storeId => {
  it('refuses to read for a subscription that does not stand', async () => {
    const pools = createPools(await stores.open(storeId));
    await expect(pools.claim('nobody')).rejects.toThrow(
      SubscriptionMissingError,
    );
  });

  it('moves the cursor, so that nobody claims the same event', async () => {
    const store = await stores.open(storeId);
    const pools = await createSubscribedPools(store);
    const replica = createPools(stores.openReplica(store));
    await pools.publish(undefined, undefined, undefined);
    const first = await pools.claim('s', { maxEvents: 2 });
    const second = await replica.claim('s', { maxEvents: 2 });
    expect(positionsOf(first)).toEqual([1, 2]);
    expect(positionsOf(second)).toEqual([3]);
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      cursor: 3,
    });
  });

  it('gives each subscription every event', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.subscriptions.register('other', ['t']);
    await pools.publish(undefined);
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
    expect(positionsOf(await pools.claim('other'))).toEqual([1]);
  });

  it('honours the limits of events and bytes', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const [{ size }] = await pools.publish(undefined, undefined, undefined);
    expect(positionsOf(await pools.claim('s', { maxEvents: 1 }))).toEqual([1]);
    expect(positionsOf(await pools.claim('s', { maxBytes: size }))).toEqual([
      2,
    ]);
  });

  it('passes a long row of events that nobody here wants', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append(
      Array.from({ length: 1_100 }, () => makeEvent('unwanted')),
    );
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      cursor: 1_100,
    });
  });

  it('passes what came before a topic was wanted', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append([makeEvent('late'), makeEvent('late')]);
    await pools.subscriptions.register('s', ['t', 'late']);
    await pools.publish(undefined);
    expect(positionsOf(await pools.claim('s', { maxEvents: 1 }))).toEqual([3]);
  });

  it('keeps a key in one batch at a time', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', undefined);
    const first = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    // The key is busy: it will be free soon, so that what is behind it is left in the log.
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await expect(pools.readDeliveries()).resolves.toEqual([]);
    await pools.settle(first);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 3]);
  });

  it('sets events of a slow key aside and goes on with the others', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'other');
    const slow = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    const others = await pools.claim('s', { patienceMs: 0 });
    expect(positionsOf(others)).toEqual([3]);
    await expect(pools.claim('s', { patienceMs: 0 })).resolves.toBeUndefined();
    await pools.settle(slow);
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });

  it('keeps the order of a slow key whose event fails in the end', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'other', 'k');
    const slow = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    await pools.claim('s', { patienceMs: 0 });
    await pools.settle(slow, () => failed);
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await pools.passPauses();
    const again = expectBatch(await pools.claim('s'));
    expect(positionsOf(again)).toEqual([1]);
    await pools.settle(again);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 4]);
  });

  it('keeps the order of a slow key whose reader vanishes', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'other');
    const slow = expectBatch(await pools.claim('s', { maxEvents: 1 }));
    await pools.claim('s', { patienceMs: 0 });
    await pools.lapse(slow);
    await pools.subscriptions.rescueLapsed(10);
    const again = expectBatch(await pools.claim('s'));
    expect(positionsOf(again)).toEqual([1]);
    await pools.settle(again);
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });
});

describe.each(stores.ids)('keys that wait on %s', storeId => {
  it('keep no events of other keys from a reader, however many must be set aside', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('x');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.publish('x', 'x', 'x', 'x', 'x', 'y');
    const batch = expectBatch(await pools.claim('s', { maxEvents: 2 }));
    expect(positionsOf(batch)).toEqual([7]);
  });

  it('are given new events in one batch with those that were set aside for another reader', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('x');
    const slow = expectBatch(await pools.claim('s'));
    await pools.publish('x');
    await expect(pools.claim('s', { patienceMs: -1 })).resolves.toBeUndefined();
    await pools.settle(slow);
    await pools.publish('x', 'y');
    const batch = expectBatch(await pools.claim('s'));
    expect(positionsOf(batch)).toEqual([2, 3, 4]);
    await pools.settle(batch, ({ event }) =>
      event.position === 2 ? failed : delivered,
    );
    await expect(pools.readDeliveries()).resolves.toEqual([
      [2, 'due', 1],
      [3, 'blocked', 0],
    ]);
  });

  it('are given no new events behind one that has failed before, which may fail again', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('x');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    await pools.publish('x');
    expect(positionsOf(await pools.claim('s'))).toEqual([1]);
  });
});

describe.each(stores.ids)('a claim on %s', storeId => {
  it('looks at no more than a few pages of what must be set aside, and says that there is more', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('x');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.publish(...Array<string>(8).fill('x'));
    const limits = { maxEvents: 1, maxBytes: 1_000, leaseMs: 60_000 };
    await expect(
      pools.subscriptions.claim('s', { ...limits, patienceMs: 60_000 }),
    ).resolves.toMatchObject({ batch: undefined, more: true });
    await expect(pools.readDeliveries()).resolves.toHaveLength(1 + 5);
  });

  it('has room for a new event, however large what is due', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    await pools.publish(undefined);
    const batch = await pools.claim('s', { maxBytes: 1 });
    expect(positionsOf(batch)).toEqual([1, 2]);
  });

  it('costs no attempt when what it claimed cannot be read', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('x');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    jest
      .spyOn(pools.log, 'readPositions')
      .mockRejectedValueOnce(new Error('away'));
    await expect(pools.claim('s')).rejects.toThrow('away');
    expect(expectBatch(await pools.claim('s')).events).toMatchObject([
      { attempt: 2, event: { position: 1 } },
    ]);
  });
});

describe.each(stores.ids)('claiming with a choice on %s', storeId => {
  it('gives whoever wants every topic all of them, those too that come up later', async () => {
    const pools = createPools(await stores.open(storeId));
    await pools.log.append([makeEvent('before')]);
    await pools.subscriptions.register('s', [everyTopic]);
    await pools.log.append([makeEvent('a'), makeEvent('b')]);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 3]);
    await pools.log.append([makeEvent('c')]);
    await expect(pools.subscriptions.mayHaveNext('s')).resolves.toBe(true);
    await expect(pools.subscriptions.isWanted('c')).resolves.toBe(true);
    expect(positionsOf(await pools.claim('s'))).toEqual([4]);
    await expect(pools.subscriptions.mayHaveNext('s')).resolves.toBe(false);
  });

  it('passes over what is not chosen, for good', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('a', 'b', 'a', 'b');
    const choose = async (events: readonly LogEvent[]) =>
      events.filter(({ key }) => key === 'b');
    const batch = expectBatch(await pools.claim('s', { choose }));
    expect(positionsOf(batch)).toEqual([2, 4]);
    await pools.settle(batch);
    await pools.publish('a', 'a');
    await expect(pools.claim('s', { choose })).resolves.toBeUndefined();
    // The cursor has passed them.
    await expect(pools.claim('s')).resolves.toBeUndefined();
    await pools.publish('a');
    expect(positionsOf(await pools.claim('s'))).toEqual([7]);
  });

  it('claims what is owed before it is due for who wants that, and nothing new then', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('a');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.publish('b');
    const batch = expectBatch(await pools.claim('s', { early: true }));
    expect(positionsOf(batch)).toEqual([1]);
    expect(batch.events[0].dueAtMs).toBeGreaterThan(Date.now() + 1_000);
    expect(positionsOf(await pools.claim('s'))).toEqual([2]);
  });

  it('does not ask again about what is owed', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('a');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    expect(
      positionsOf(await pools.claim('s', { choose: async () => [] })),
    ).toEqual([1]);
  });
});

describe.each(stores.ids)('a standing subscription on %s', storeId => {
  const wish = '00000000-0000-7000-8000-000000000001';
  const another = '00000000-0000-7000-8000-000000000002';
  const third = '00000000-0000-7000-8000-000000000003';
  const stand = (
    pools: Pools,
    topics: string[],
    standing: { wish: string; replaces?: string } = { wish },
  ) =>
    pools.subscriptions.register('s', topics, {
      standing: { replaces: undefined, ...standing },
    });

  it('is claimed only by who knows what it wants', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t']);
    await pools.publish('a');
    await expect(pools.claim('s', { wish: another })).rejects.toThrow(
      WishChangedError,
    );
    expect(positionsOf(await pools.claim('s', { wish }))).toEqual([1]);
    await stand(pools, ['t'], { wish: another, replaces: wish });
    await pools.publish('b');
    await expect(pools.claim('s', { wish })).rejects.toThrow(WishChangedError);
    await expect(pools.claim('s', { wish: another })).resolves.toBeDefined();
  });

  it('wants each of its topics for as long as nobody says otherwise', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t', 'other']);
    await pools.store
      .knex('callboard_subscription_topics')
      .where({ subscription_id: 's', topic: 't' })
      .update({ wanted_at: 0 });
    await expect(
      pools.subscriptions.endUnwantedTopics(60_000),
    ).resolves.toEqual([]);
  });

  it('wants exactly the topics that were named last', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t', 'other']);
    await pools.publish('before');
    await stand(pools, ['other'], { wish: another, replaces: wish });
    await pools.publish('after');
    await pools.log.append([makeEvent('other')]);
    expect(positionsOf(await pools.claim('s'))).toEqual([1, 3]);
  });

  it('takes nothing back for whoever is late', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t']);
    await stand(pools, ['other'], { wish: another, replaces: wish });
    for (const late of [{ wish }, { wish: third, replaces: wish }]) {
      await expect(stand(pools, ['t'], late)).rejects.toThrow(WishChangedError);
    }
    const subscription = await pools.subscriptions.read('s');
    expect(subscription).toMatchObject({ wish: another });
    expect(
      subscription?.topics
        .filter(({ to }) => to === undefined)
        .map(({ topic }) => topic),
    ).toEqual(['other']);
    // To say the same again is no change.
    await stand(pools, ['other'], { wish: another });
  });

  it('never expires', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t']);
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: 0 });
    await expect(pools.subscriptions.listSilent(0)).resolves.toEqual([]);
  });

  it('is given what somebody has seen that it wants, and nothing else is read', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t']);
    await pools.publish('a', 'b', 'c', 'd');
    const readAfter = jest.spyOn(pools.log, 'readAfter');
    const claim = () =>
      pools.claim('s', { wish, seen: { positions: [2], upTo: 3 } });
    expect(positionsOf(await claim())).toEqual([2]);
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      cursor: 3,
    });
    // The cursor has passed them.
    await expect(claim()).resolves.toBeUndefined();
    expect(readAfter).not.toHaveBeenCalled();
    expect(positionsOf(await pools.claim('s', { wish }))).toEqual([4]);
  });

  it('has its cursor moved unless it wants something else by now, and never back', async () => {
    const pools = createPools(await stores.open(storeId));
    await stand(pools, ['t']);
    await pools.subscriptions.register('changed', ['t'], {
      standing: { wish: another, replaces: undefined },
    });
    await pools.publish('a', 'b', 'c');
    const passed = [
      { id: 's', wish },
      { id: 'changed', wish },
    ];
    await pools.subscriptions.moveCursors(passed, 2);
    await pools.subscriptions.moveCursors(passed, 1);
    await expect(pools.subscriptions.read('s')).resolves.toMatchObject({
      cursor: 2,
    });
    await expect(pools.subscriptions.read('changed')).resolves.toMatchObject({
      cursor: 0,
    });
  });
});

describe.each(stores.ids)('a reader that keeps no order, on %s', storeId => {
  const unordered = { ordered: false, maxEvents: 1 };

  it('claims events of one key side by side, and is given their keys', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    const first = expectBatch(await pools.claim('s', unordered));
    const second = expectBatch(await pools.claim('s', unordered));
    expect([first, second].map(positionsOf)).toEqual([[1], [2]]);
    expect(first.events[0]).toMatchObject({
      event: { key: 'k' },
      orderedBy: undefined,
    });
  });

  it('blocks nothing behind an event that failed', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', 'k');
    const settle = (
      batch: Batch,
      ...outcomes: (typeof failed | typeof untried)[]
    ) =>
      pools.subscriptions.settle(
        batch.ticket,
        's',
        batch.events.map(({ event, orderedBy, ...claimed }, index) => ({
          ...claimed,
          event: { ...event, key: orderedBy },
          outcome: outcomes[index],
        })),
      );
    const batch = expectBatch(
      await pools.claim('s', { ordered: false, maxEvents: 2 }),
    );
    await settle(batch, failed, untried);
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'due', 0],
    ]);
    expect(positionsOf(await pools.claim('s', { ordered: false }))).toEqual([
      2, 3,
    ]);
    await expect(pools.deliveries.listNextDue()).resolves.toEqual(
      new Map([['s', expect.any(Number)]]),
    );
  });

  it('has what it owed rescued in the same way', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    const batch = expectBatch(await pools.claim('s', { ordered: false }));
    await pools.lapse(batch);
    await pools.subscriptions.rescueLapsed(10);
    // Nobody knows any more that no order was kept, and order is the safe choice.
    await expect(pools.readDeliveries()).resolves.toEqual([
      [1, 'due', 1],
      [2, 'blocked', 1],
    ]);
    const again = expectBatch(await pools.claim('s', { ordered: false }));
    expect(again.events.map(({ orderedBy }) => orderedBy)).toEqual(['k']);
  });
});
