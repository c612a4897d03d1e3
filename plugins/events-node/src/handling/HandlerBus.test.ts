import { mockServices } from '@backstage/backend-test-utils';
import type { EventParams } from '@backstage/plugin-events-node';
import { z } from 'zod';
import type { SubscribeOptions } from '../SubscribeOptions';
import { AwayError, FakeAccess } from './__testUtils__/FakeAccess';
import {
  blindObserver,
  kindsOf,
  makeBatch,
  makeClaimed,
} from './__testUtils__/fakes';
import { defineTopic } from '../Topic';
import { HandlerBus } from './HandlerBus';
import { SubscriptionMissingError } from './SubscriptionAccess';

let stopping: HandlerBus[] = [];
afterEach(async () => {
  await Promise.all(stopping.map(bus => bus.stop()));
  stopping = [];
});

function createBus() {
  const access = new FakeAccess();
  const bus = new HandlerBus({
    access,
    options: {
      concurrency: 1,
      maxBatchEvents: 200,
      patienceMs: 1,
      loadedBatchEvents: 16,
      gatherMs: { least: 1, most: 1 },
      sparing: { afterFailures: 20, maxBatchEvents: 10, pauseMs: 1 },
      waitLimitMs: 60_000,
      callLimitMs: 1_000,
      errorDelayMs: 1,
      handlerTimeLimitMs: 60_000,
      graceMs: 1_000,
    },
    observer: blindObserver,
    logger: mockServices.logger.mock(),
  });
  stopping.push(bus);
  return {
    access,
    bus,
    subscribe: (options: Partial<SubscribeOptions> = {}) =>
      bus.subscribe({
        id: 's',
        topics: ['t'],
        onEvent: async () => {},
        ...options,
      } as SubscribeOptions),
    /** What the last registration said. */
    lastWish: () => access.registered.at(-1)?.wish,
  };
}

/** A handler that goes on until it is told to end. */
function createWork() {
  let end = () => {};
  let begin = () => {};
  const begun = new Promise<void>(resolve => {
    begin = resolve;
  });
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  return {
    begun,
    end: () => end(),
    onEvent: async (_: EventParams) => {
      begin();
      await ended;
    },
  };
}

const two = makeBatch([
  makeClaimed({ position: 1 }),
  makeClaimed({ position: 2 }),
]);

describe('handlers that want some events of a topic', () => {
  /** Wants those with a position that is odd, or even. */
  const every = (rest: number) => ({
    ...defineTopic('t', z.number()),
    concerns: (payload: unknown) => Number(payload) % 2 === rest,
  });
  const three = makeBatch([1, 2, 3].map(position => makeClaimed({ position })));

  it('are given those, and the others count as delivered', async () => {
    const { access, subscribe } = createBus();
    const given: unknown[] = [];
    await subscribe({
      topics: [every(1)],
      onEvent: async ({ eventPayload }) => {
        given.push(eventPayload);
      },
    });
    access.offer(three);
    await access.until(() => access.settled.length === 1);
    expect(given.sort()).toEqual([1, 3]);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'delivered',
      3: 'delivered',
    });
  });

  it('are each given what they want when they share a subscription', async () => {
    const { access, subscribe } = createBus();
    const given: Record<string, unknown[]> = { odd: [], even: [] };
    for (const [name, rest] of [
      ['odd', 1],
      ['even', 0],
    ] as const) {
      await subscribe({
        topics: [every(rest)],
        onEvent: async ({ eventPayload }) => {
          given[name].push(eventPayload);
        },
      });
    }
    access.offer(three);
    await access.until(() => access.settled.length === 1);
    expect(given.odd.sort()).toEqual([1, 3]);
    expect(given.even).toEqual([2]);
  });

  it('are given batches without the others', async () => {
    const { access, subscribe } = createBus();
    const given: unknown[] = [];
    await subscribe({
      topics: [every(0)],
      onEvent: undefined,
      async onBatch(events) {
        given.push(events.map(({ eventPayload }) => eventPayload));
      },
    });
    access.offer(three);
    await access.until(() => access.settled.length === 1);
    expect(given).toEqual([[2]]);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'delivered',
      3: 'delivered',
    });
  });
});

describe('subscribing a handler', () => {
  it('registers before it resolves, and claims from then on', async () => {
    const { access, subscribe, lastWish } = createBus();
    await subscribe({ retry: { maxAttempts: 2 }, startAt: 'beginning' });
    expect(lastWish()).toEqual({
      topics: ['t'],
      start: 'beginning',
      retry: {
        maxAttempts: 2,
        initialDelayMs: undefined,
        maxDelayMs: undefined,
      },
      perProcess: false,
    });
    access.offer(two);
    await access.until(() => access.settled.length === 1);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'delivered',
    });
  });

  it.each([
    [undefined, 'end'],
    ['end' as const, 'end'],
    ['beginning' as const, 'beginning'],
    [new Date(1_000), 'end'],
  ])(
    'that starts at %s stands again at the %s when its subscription expired: nothing is read twice for a time',
    async (startAt, start) => {
      const { access, subscribe, lastWish } = createBus();
      access.fail('claim', new SubscriptionMissingError('s'));
      await subscribe({ startAt });
      await access.until(() => access.registered.length === 2);
      expect(lastWish()).toMatchObject({ start });
    },
  );

  it('leaves nothing of a handler whose registration failed', async () => {
    const { access, subscribe, lastWish } = createBus();
    access.fail('register', new AwayError('away'));
    await expect(
      subscribe({ topics: ['gone'], concurrency: 2, startAt: 'beginning' }),
    ).rejects.toThrow('away');
    expect(access.count('claim')).toBe(0);
    await subscribe({ concurrency: 3 });
    expect(lastWish()).toMatchObject({ topics: ['t'], start: 'end' });
  });

  it('leaves a handler of the same id alone when another cannot be registered', async () => {
    const { access, subscribe, lastWish } = createBus();
    await subscribe();
    access.fail('register', new AwayError('away'));
    await expect(
      subscribe({ topics: ['other'], concurrency: 2 }),
    ).rejects.toThrow('away');
    await subscribe({ topics: ['third'], concurrency: 3 });
    expect(lastWish()).toMatchObject({ topics: ['t', 'third'] });
    access.offer(two);
    await access.until(() => access.settled.length === 1);
  });

  it('is not held up for ever by a registration that hangs', async () => {
    const { access, subscribe } = createBus();
    access.obstruct('register', () => new Promise(() => {}));
    await expect(subscribe()).rejects.toThrow('took more than 1000 ms');
    await subscribe();
  });

  it('refuses options that contradict those of another handler, and a batch handler beside another', async () => {
    const { subscribe, lastWish } = createBus();
    await subscribe({ concurrency: 2 });
    await expect(
      subscribe({ topics: ['other'], concurrency: 3 }),
    ).rejects.toThrow('contradict each other about concurrency');
    await expect(
      subscribe({ onEvent: undefined, onBatch: async () => {} }),
    ).rejects.toThrow('batch handler');
    expect(lastWish()).toMatchObject({ topics: ['t'] });
  });

  it('takes over how much runs side by side from a later handler', async () => {
    const { access, subscribe } = createBus();
    const first = createWork();
    const calls: unknown[] = [];
    await subscribe({
      onEvent: async params => {
        calls.push(params.eventPayload);
        await first.onEvent(params);
      },
    });
    access.offer(two);
    await first.begun;
    expect(calls).toEqual([1]);
    await subscribe({ topics: ['other'], concurrency: 2 });
    while (calls.length < 2) {
      await new Promise(setImmediate);
    }
    first.end();
    await access.until(() => access.settled.length === 1);
  });

  it('refuses when it is stopped', async () => {
    const { bus, subscribe } = createBus();
    await bus.stop();
    await bus.stop();
    await expect(subscribe()).rejects.toThrow('shutting down');
  });
});

describe('ending a handler', () => {
  it('does not begin when it was ended before', async () => {
    const { access, subscribe } = createBus();
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(subscribe({ signal })).rejects.toThrow('changed my mind');
    expect(access.calls).toEqual([]);
  });

  it('does not begin when it is ended while it registers', async () => {
    const { access, subscribe } = createBus();
    const controller = new AbortController();
    const letGo = access.hold('register');
    const subscribing = subscribe({ signal: controller.signal });
    await access.until(() => access.count('register') === 1);
    controller.abort(new Error('changed my mind'));
    letGo();
    await expect(subscribing).rejects.toThrow('changed my mind');
    expect(access.count('claim')).toBe(0);
    expect(access.count('remove')).toBe(0);
    await subscribe();
    access.offer(two);
    await access.until(() => access.settled.length === 1);
  });

  it('settles what is in hand, hands back what has not begun, and claims no more', async () => {
    const { access, subscribe } = createBus();
    const controller = new AbortController();
    const work = createWork();
    await subscribe({ signal: controller.signal, onEvent: work.onEvent });
    access.offer(two);
    await work.begun;
    controller.abort();
    access.offer(makeBatch([makeClaimed({ position: 3 })]));
    work.end();
    await access.until(() => access.settled.length > 0);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'untried',
    });
    expect(access.batches).toHaveLength(1);
    expect(access.count('remove')).toBe(0);
  });

  it('lets the other handlers of its id go on', async () => {
    const { access, subscribe, lastWish } = createBus();
    const controller = new AbortController();
    await subscribe({
      signal: controller.signal,
      concurrency: 2,
      onEvent: () => Promise.reject(new Error('ended')),
    });
    await subscribe();
    controller.abort();
    access.offer(two);
    await access.until(() => access.settled.length === 1);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'delivered',
    });
    // What it said went with it.
    await subscribe({ topics: ['other'], concurrency: 3 });
    expect(lastWish()).toMatchObject({ topics: ['t', 'other'] });
  });

  it('lets a new handler go on with the subscription while the old one ends', async () => {
    const { access, subscribe } = createBus();
    const controller = new AbortController();
    const work = createWork();
    await subscribe({ signal: controller.signal, onEvent: work.onEvent });
    access.offer(two);
    await work.begun;
    controller.abort();
    await subscribe();
    access.offer(makeBatch([makeClaimed({ position: 3 })]));
    await access.until(() => access.settled.length === 1);
    expect(kindsOf(access.settled[0].handled)).toEqual({ 3: 'delivered' });
    work.end();
    await access.until(() => access.settled.length === 2);
  });
});

describe('a subscription of one process', () => {
  it('has an id of its own, which handlers of the process share', async () => {
    const { access, subscribe } = createBus();
    await subscribe({ perProcess: true });
    await subscribe({ perProcess: true, topics: ['other'] });
    await subscribe();
    const [first, second, shared] = access.registered;
    expect(first.id).toMatch(/^s\.[0-9a-f-]{36}$/);
    expect(second).toEqual({
      id: first.id,
      wish: { ...first.wish, topics: ['t', 'other'], perProcess: true },
    });
    expect(shared.id).toBe('s');
    const other = createBus();
    await other.subscribe({ perProcess: true });
    expect(other.access.registered[0].id).not.toBe(first.id);
  });

  it.each(['stops', 'handler ends'])(
    'is removed when the process or its %s, after its handlers',
    async how => {
      const { access, bus, subscribe } = createBus();
      const controller = new AbortController();
      const work = createWork();
      await subscribe({
        perProcess: true,
        signal: controller.signal,
        onEvent: work.onEvent,
      });
      access.offer(two);
      await work.begun;
      if (how === 'stops') {
        bus.stop();
      } else {
        controller.abort();
      }
      work.end();
      await access.until(() => access.count('remove') === 1);
      expect(access.settled).toHaveLength(1);
    },
  );

  it('is removed when its handler ended while it registered', async () => {
    const { access, subscribe } = createBus();
    const controller = new AbortController();
    const letGo = access.hold('register');
    const subscribing = subscribe({
      perProcess: true,
      signal: controller.signal,
    });
    await access.until(() => access.count('register') === 1);
    controller.abort();
    letGo();
    await expect(subscribing).rejects.toThrow();
    await access.until(() => access.count('remove') === 1);
    expect(access.calls.indexOf('remove')).toBeGreaterThan(
      access.calls.indexOf('register'),
    );
  });

  it('stays when a new handler subscribes before the old one has ended', async () => {
    const { access, bus, subscribe } = createBus();
    const controller = new AbortController();
    const work = createWork();
    await subscribe({
      perProcess: true,
      signal: controller.signal,
      onEvent: work.onEvent,
    });
    access.offer(two);
    await work.begun;
    controller.abort();
    await subscribe({ perProcess: true });
    work.end();
    await access.until(() => access.settled.length === 1);
    access.offer(makeBatch([makeClaimed({ position: 3 })]));
    await access.until(() => access.settled.length === 2);
    expect(access.count('remove')).toBe(0);
    await bus.stop();
    expect(access.count('remove')).toBe(1);
  });

  it('is made anew by a handler that subscribes while it is being removed', async () => {
    const { access, subscribe } = createBus();
    const controller = new AbortController();
    await subscribe({ perProcess: true, signal: controller.signal });
    const letGo = access.hold('remove');
    controller.abort();
    await access.until(() => access.count('remove') === 1);
    const subscribing = subscribe({ perProcess: true });
    await new Promise(setImmediate);
    expect(access.registered).toHaveLength(1);
    letGo();
    await subscribing;
    expect(access.registered).toHaveLength(2);
  });

  it('expires by itself when it cannot be removed', async () => {
    const { access, bus, subscribe } = createBus();
    await subscribe({ perProcess: true });
    access.fail('remove', new AwayError('away'));
    await bus.stop();
  });
});

describe('a handler that ends while a batch is handled', () => {
  it('leaves the events of its topics to other processes', async () => {
    const { access, subscribe } = createBus();
    const ending = new AbortController();
    await subscribe({ topics: ['b'], signal: ending.signal });
    await subscribe({ topics: ['a'], onEvent: async () => ending.abort() });
    const timeMs = Date.now();
    access.offer(
      makeBatch([
        makeClaimed({ position: 1, topic: 'a', key: 'k', timeMs }),
        makeClaimed({ position: 2, topic: 'b', key: 'k', timeMs }),
      ]),
    );
    await access.until(() => access.settled.length === 1);
    expect(kindsOf(access.settled[0].handled)).toEqual({
      1: 'delivered',
      2: 'untried',
    });
  });
});
