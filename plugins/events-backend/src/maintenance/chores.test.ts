import { mockServices } from '@backstage/backend-test-utils';
import { InProcessNotifier } from '../notifiers';
import { makeEvent } from '../__testUtils__/makeEvent';
import {
  createSubscribedPools,
  expectBatch,
  failed,
  positionsOf,
  type Pools,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { expireSilentSubscriptions } from './expireSilentSubscriptions';
import { removeDeadDeliveries } from './removeDeadDeliveries';
import { rescueLapsedBatches } from './rescueLapsedBatches';
import { trimEphemeralTopics } from './trimEphemeralTopics';
import { trimLog, type RetentionOptions } from './trimLog';

const stores = createTestStores();

const day = 86_400_000;

/** Makes everything in the log as old as a number of days. */
async function age({ store }: Pools, days: number): Promise<void> {
  await store
    .knex('callboard_events')
    .update({ time: Date.now() - days * day });
}

async function readPositions({ log }: Pools): Promise<number[]> {
  const { events } = await log.readAfter(
    0,
    {},
    { events: 5_000, bytes: 1_000_000 },
  );
  return events.map(({ position }) => position);
}

function trim(pools: Pools, retention: Partial<RetentionOptions> = {}) {
  const logger = mockServices.logger.mock();
  const observed = { trimmed: 0, unread: 0, passedOver: 0 };
  const chore = trimLog({
    log: pools.log,
    subscriptions: pools.subscriptions,
    deliveries: pools.deliveries,
    retention: {
      retentionMs: 7 * day,
      maxAgeMs: 30 * day,
      maxEvents: 1_000_000,
      ...retention,
    },
    observer: {
      onTrimmed: events => {
        observed.trimmed += events;
      },
      onTrimmedUnread: count => {
        observed.unread += count;
      },
      onPassedOver: count => {
        observed.passedOver += count;
      },
    },
    logger,
  });
  return { run: () => chore.run(), logger, observed };
}

describe.each(stores.ids)('trimming the log by age on %s', storeId => {
  it('removes what is older than the retention and read by everyone', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await age(pools, 8);
    await pools.publish(undefined);
    await pools.settle(expectBatch(await pools.claim('s')));
    const chore = trim(pools);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([3]);
    expect(chore.observed).toEqual({ trimmed: 2, unread: 0, passedOver: 0 });
    expect(chore.logger.error).not.toHaveBeenCalled();
  });

  it('keeps what a subscription still has to read', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.subscriptions.register('slow', ['t']);
    await pools.publish(undefined, undefined);
    await pools.settle(expectBatch(await pools.claim('s')));
    await pools.settle(
      expectBatch(await pools.claim('slow', { maxEvents: 1 })),
    );
    await age(pools, 8);
    await trim(pools).run();
    await expect(readPositions(pools)).resolves.toEqual([2]);
  });

  it('keeps what a reader has in hand', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await pools.claim('s');
    await age(pools, 8);
    await trim(pools).run();
    await expect(readPositions(pools)).resolves.toEqual([1, 2]);
  });

  it.each([
    ['owed', 1],
    ['dead', 3],
  ])('keeps what is %s', async (_, attempts) => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await pools.settle(expectBatch(await pools.claim('s', { maxEvents: 1 })));
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      await pools.passPauses();
      await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    }
    await age(pools, 8);
    await trim(pools).run();
    await expect(readPositions(pools)).resolves.toEqual([2]);
  });

  it('removes deliveries and attempts with their events', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.passPauses();
    await pools.settle(expectBatch(await pools.claim('s')));
    await age(pools, 8);
    await trim(pools).run();
    const { deliveries, attempts } = await pools.deliveries.readOfEvent(1);
    expect({ deliveries, attempts }).toEqual({ deliveries: [], attempts: [] });
  });

  it('works off more events than one statement removes', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append(
      Array.from({ length: 2_500 }, () => makeEvent('unwanted')),
    );
    await pools.claim('s');
    await age(pools, 8);
    const chore = trim(pools);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([]);
    expect(chore.observed.trimmed).toBe(2_500);
  });

  it('says nothing when nothing is left to remove but gaps', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const event = makeEvent('t');
    await pools.log.append([event]);
    await pools.log.append([event]);
    const chore = trim(pools, { maxEvents: 0 });
    await chore.run();
    await chore.run();
    expect(chore.observed).toEqual({ trimmed: 1, unread: 0, passedOver: 1 });
    expect(chore.logger.info).toHaveBeenCalledTimes(1);
    expect(chore.logger.error).toHaveBeenCalledTimes(1);
  });

  it('forgets topics that a subscription dropped, with the last of their events', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.subscriptions.register('s', ['other']);
    await pools.publish(undefined);
    await pools.store
      .knex('callboard_subscription_topics')
      .where({ topic: 't' })
      .update({ wanted_at: 0 });
    await pools.subscriptions.endUnwantedTopics(60_000);
    const readTopics = async () =>
      (await pools.subscriptions.read('s'))?.topics.map(({ topic }) => topic);

    const chore = trim(pools);
    await chore.run();
    await expect(readTopics()).resolves.toHaveLength(2);
    await pools.settle(expectBatch(await pools.claim('s')));
    await chore.run();
    await expect(readTopics()).resolves.toHaveLength(2);
    await age(pools, 8);
    await chore.run();
    await expect(readTopics()).resolves.toEqual(['other']);
    await pools.log.append([makeEvent('t'), makeEvent('other')]);
    expect(positionsOf(await pools.claim('s'))).toEqual([3]);
  });

  it('leaves a young log alone', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await pools.settle(expectBatch(await pools.claim('s')));
    const chore = trim(pools);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([1]);
    expect(chore.logger.info).not.toHaveBeenCalled();
  });
});

describe.each(stores.ids)('the hard cap of the log on %s', storeId => {
  it.each<[string, Partial<RetentionOptions>, number]>([
    ['age', {}, 31],
    ['number of events', { maxEvents: 0 }, 0],
  ])('bites by %s, even unread, and says so', async (_, retention, days) => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined);
    await age(pools, days);
    const chore = trim(pools, retention);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([]);
    expect(chore.observed).toEqual({ trimmed: 2, unread: 0, passedOver: 1 });
    expect(chore.logger.error).toHaveBeenCalledWith(
      expect.stringContaining('s (at 0)'),
    );
  });

  it('keeps the newest events', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined, undefined, undefined);
    await trim(pools, { maxEvents: 2 }).run();
    await expect(readPositions(pools)).resolves.toEqual([2, 3]);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 3]);
  });

  it('says how many owed events went', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k', undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    const chore = trim(pools, { maxEvents: 0 });
    await chore.run();
    expect(chore.observed).toEqual({ trimmed: 3, unread: 3, passedOver: 0 });
    expect(chore.logger.error).toHaveBeenCalledWith(
      expect.stringContaining('3 deliveries'),
    );
    await expect(pools.readDeliveries()).resolves.toEqual([]);
  });

  it('lets a key go on whose owed event went', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish('k', 'k');
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await trim(pools, { maxEvents: 1 }).run();
    const next = expectBatch(await pools.claim('s'));
    expect(positionsOf(next)).toEqual([2]);
  });
});

describe.each(stores.ids)(
  'an event in hand when the hard cap bites, on %s',
  storeId => {
    it('does not hold up its key for ever when it fails', async () => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      await pools.publish('k', 'k');
      const inHand = expectBatch(await pools.claim('s', { maxEvents: 1 }));
      const chore = trim(pools, { maxEvents: 1 });
      await chore.run();
      await pools.settle(inHand, () => failed);
      await pools.passPauses();
      // Its delivery is claimed, but there is nothing to hand out, nor to settle.
      const empty = expectBatch(await pools.claim('s'));
      expect(positionsOf(empty)).toEqual([]);
      await pools.settle(empty);
      await chore.run();
      expect(chore.observed).toEqual({ trimmed: 1, unread: 1, passedOver: 0 });
      expect(positionsOf(await pools.claim('s'))).toEqual([2]);
    });
  },
);

describe.each(stores.ids)('the other chores on %s', storeId => {
  it('rescues lapsed batches, and wakes the readers of their topics', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(...Array.from({ length: 120 }, () => undefined));
    for (let count = 0; count < 120; count += 1) {
      await pools.claim('s', { maxEvents: 1 });
    }
    await pools.subscriptions.lapseAll();

    const notifier = new InProcessNotifier();
    let woken = 0;
    notifier.listen({
      wants: topics => topics.has('t'),
      wake: () => {
        woken += 1;
      },
    });
    const logger = mockServices.logger.mock();
    let rescued = 0;
    const chore = rescueLapsedBatches({
      subscriptions: pools.subscriptions,
      notifier,
      observer: {
        onRescued: batches => {
          rescued += batches;
        },
      },
      logger,
      intervalMs: 1_000,
    });
    await chore.run();
    expect(woken).toBe(2);
    expect(rescued).toBe(120);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('120 batches'),
    );
    await expect(pools.deliveries.count('s', ['due'])).resolves.toEqual(
      new Map([['due', 120]]),
    );
    await chore.run();
    expect(woken).toBe(2);
    expect(rescued).toBe(120);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('removes the dead that nobody replayed in time, and says so', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId), {
      maxAttempts: 1,
    });
    await pools.publish(undefined, undefined, undefined);
    await pools.settle(expectBatch(await pools.claim('s')), () => failed);
    await pools.store
      .knex('callboard_deliveries')
      .whereIn('position', [1, 2])
      .update({ updated_at: 0 });
    await pools.deliveries.replay('s', await pools.log.readPositions([2]), {
      dryRun: false,
    });
    const logger = mockServices.logger.mock();
    await removeDeadDeliveries({
      deliveries: pools.deliveries,
      keepMs: day,
      logger,
    }).run();
    await expect(pools.readDeliveries()).resolves.toEqual([
      [2, 'due', 0],
      [3, 'dead', 1],
    ]);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('removes more of the dead in one turn than in one page', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId), {
      maxAttempts: 1,
    });
    await pools.publish(...Array.from({ length: 2_500 }, () => undefined));
    const batch = expectBatch(await pools.claim('s', { maxEvents: 2_500 }));
    await pools.settle(batch, () => failed);
    const logger = mockServices.logger.mock();
    await removeDeadDeliveries({
      deliveries: pools.deliveries,
      keepMs: -day,
      logger,
    }).run();
    await expect(pools.readDeliveries()).resolves.toEqual([]);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('Removed 2500 dead deliveries'),
    );
  });

  it('removes a subscription to which more is owed than one transaction removes', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(...Array.from({ length: 2_500 }, () => undefined));
    const batch = expectBatch(await pools.claim('s', { maxEvents: 2_500 }));
    await pools.settle(batch, () => failed);
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: 0 });
    const logger = mockServices.logger.mock();
    const chore = expireSilentSubscriptions({
      subscriptions: pools.subscriptions,
      expireAfterMs: day,
      logger,
    });
    await chore.run();
    await chore.run();
    await expect(pools.subscriptions.list()).resolves.toEqual([]);
    await expect(pools.readDeliveries()).resolves.toEqual([]);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(expect.stringMatching(/: s$/));
  });

  it('says of which subscription a part is gone, when somebody reads it again', async () => {
    const logger = mockServices.logger.mock();
    const outcomes = ['begun', 'kept'] as const;
    let turn = 0;
    const chore = expireSilentSubscriptions({
      subscriptions: {
        listSilent: async () => ['s'],
        removeSilent: async () => ({ outcome: outcomes[turn++] }),
      },
      expireAfterMs: day,
      logger,
    });
    await chore.run();
    await chore.run();
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(/^Removed the oldest of what was owed .*: s$/),
    );
  });

  it('removes subscriptions that nobody reads, and says which', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const logger = mockServices.logger.mock();
    const chore = expireSilentSubscriptions({
      subscriptions: pools.subscriptions,
      expireAfterMs: day,
      logger,
    });
    await chore.run();
    await chore.run();
    await pools.subscriptions.register('mine', ['t'], {
      decideExpiry: () => 60_000,
    });
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: Date.now() - 2 * day });
    await chore.run();
    expect(logger.warn).not.toHaveBeenCalled();
    await chore.run();
    expect(logger.warn).toHaveBeenCalledWith(expect.stringMatching(/: s$/));
    expect(logger.info).toHaveBeenCalledWith(expect.stringMatching(/: mine$/));
    await expect(pools.subscriptions.list()).resolves.toEqual([]);
  });

  it('keeps a subscription whose reader asks again after all were away for long', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    const logger = mockServices.logger.mock();
    const chore = expireSilentSubscriptions({
      subscriptions: pools.subscriptions,
      expireAfterMs: day,
      logger,
    });
    await pools.store
      .knex('callboard_subscriptions')
      .update({ heartbeat_at: 0 });
    await chore.run();
    await pools.claim('s');
    await chore.run();
    await chore.run();
    await expect(pools.subscriptions.list()).resolves.toHaveLength(1);
    expect(logger.warn).not.toHaveBeenCalled();
  });
});

describe.each(stores.ids)('trimming ephemeral topics on %s', storeId => {
  const old = 20 * 60_000;

  function trimEphemeral(pools: Pools, topics: readonly string[]) {
    let trimmed = 0;
    const chore = trimEphemeralTopics({
      log: pools.log,
      ephemeral: { topics: new Set(topics), retentionMs: 10 * 60_000 },
      observer: {
        onTrimmed: events => {
          trimmed += events;
        },
      },
      logger: mockServices.logger.mock(),
    });
    return { run: () => chore.run(), count: () => trimmed };
  }

  it('removes their events after their time, read or not, and nothing of other topics', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append([
      makeEvent('ephemeral'),
      makeEvent('t'),
      makeEvent('ephemeral'),
    ]);
    await pools.store
      .knex('callboard_events')
      .update({ time: Date.now() - old });
    await pools.log.append([makeEvent('ephemeral'), makeEvent('t')]);
    const chore = trimEphemeral(pools, ['ephemeral', 'never']);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([2, 4, 5]);
    await expect(
      pools.store
        .knex('callboard_contents')
        .orderBy('position')
        .pluck('position'),
    ).resolves.toHaveLength(3);
    expect(chore.count()).toBe(2);
    expect(positionsOf(await pools.claim('s'))).toEqual([2, 5]);
  });

  it('works off more than one statement removes, in each of the topics', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.log.append(
      Array.from({ length: 2_500 }, (_, index) =>
        makeEvent(`ephemeral ${index % 2}`),
      ),
    );
    await age(pools, 1);
    const chore = trimEphemeral(pools, ['ephemeral 0', 'ephemeral 1']);
    await chore.run();
    await expect(readPositions(pools)).resolves.toEqual([]);
    expect(chore.count()).toBe(2_500);
  });

  it.each([
    ['before', ['ephemeral', 't'], [2]],
    ['behind', ['t', 'ephemeral'], [1]],
  ])(
    'keeps a content that an event of another topic %s it shares, until that one goes',
    async (_, topics, left) => {
      const pools = await createSubscribedPools(await stores.open(storeId));
      const payload = '{"shared":true}';
      await pools.log.append(
        topics.map(topic => makeEvent(topic, { payload })),
      );
      await age(pools, 8);
      await trimEphemeral(pools, ['ephemeral']).run();
      const batch = expectBatch(await pools.claim('s'));
      expect(positionsOf(batch)).toEqual(left);
      expect(batch.events[0].event.payload).toBe(payload);
      await pools.settle(batch);
      await pools.publish(undefined);
      await age(pools, 8);
      await pools.settle(expectBatch(await pools.claim('s')));
      await trim(pools).run();
      await expect(pools.store.knex('callboard_contents')).resolves.toEqual([]);
    },
  );

  it('does nothing without ephemeral topics', async () => {
    const pools = await createSubscribedPools(await stores.open(storeId));
    await pools.publish(undefined);
    await age(pools, 1);
    await trimEphemeral(pools, []).run();
    await expect(readPositions(pools)).resolves.toEqual([1]);
  });
});
