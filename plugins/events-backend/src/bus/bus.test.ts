import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  eventsServiceRef,
  SubTopicEventRouter,
  type EventParams,
  type EventsService,
} from '@backstage/plugin-events-node';
import {
  createEventParams,
  describeEvent,
  requireDurable,
} from '@callboard/backstage-plugin-events-node';
import type { JsonObject } from '@backstage/types';
import {
  createParticipant,
  createRecorder,
} from '../__testUtils__/createParticipant';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { startPortal } from '../__testUtils__/startPortal';

const stores = createTestStores();

const impatient: JsonObject = {
  events: {
    handlers: {
      retry: {
        maxAttempts: 3,
        initialDelay: { milliseconds: 1 },
        maxDelay: { milliseconds: 5 },
      },
    },
  },
};

async function start(storeId: StoreId, config: JsonObject = impatient) {
  const knex = await stores.openEmpty(storeId);
  const alpha = createParticipant('alpha');
  const beta = createParticipant('beta');
  const portal = await startPortal({
    knex,
    config,
    features: [alpha.feature, beta.feature],
  });
  return {
    ...portal,
    knex,
    alpha: await alpha.events,
    beta: await beta.events,
    /** Waits for a row of a delivery to be in a state; deliveries are settled after handlers have ended. */
    async waitForDelivery(state: string) {
      for (;;) {
        const row = await knex('callboard_deliveries').where({ state }).first();
        if (row) {
          return row;
        }
        await new Promise(setImmediate);
      }
    },
  };
}

/** Resolves when the events system has begun to shut down. */
async function waitForRefusal(events: EventsService) {
  for (let number = 0; ; number++) {
    try {
      await events.subscribe({
        id: `probe-${number}`,
        topics: [],
        onEvent: async () => {},
      });
    } catch {
      return;
    }
  }
}

describe.each(stores.ids)('the events service on %s', storeId => {
  it('has stored an event when publish resolves, whether or not anybody wants it', async () => {
    const { alpha, knex, stop } = await start(storeId);
    await alpha.publish({
      topic: 'lonely',
      eventPayload: { a: 1 },
      metadata: { b: ['2', '3'] },
    });
    const [row] = await knex('callboard_events as e')
      .join('callboard_contents as c', 'c.position', 'e.content_position')
      .select('e.*', 'c.payload', 'c.metadata');
    expect(row).toMatchObject({ topic: 'lonely', payload: '{"a":1}' });
    expect(JSON.parse(row.metadata)).toMatchObject({
      b: ['2', '3'],
      'callboard-event-source': 'alpha',
    });
    await stop();
  });

  it('gives topic, payload and metadata to the handlers of every subscription', async () => {
    const { alpha, beta, stop } = await start(storeId);
    const first = createRecorder();
    const second = createRecorder();
    await alpha.subscribe({ id: 's', topics: ['t'], onEvent: first.onEvent });
    await beta.subscribe({ id: 's', topics: ['t'], onEvent: second.onEvent });
    await beta.publish({
      topic: 't',
      eventPayload: { deep: [null, 'ü'] },
      metadata: { header: 'x' },
    });
    await Promise.all([first.waitFor(1), second.waitFor(1)]);
    for (const { received } of [first, second]) {
      expect(received).toEqual([
        {
          topic: 't',
          eventPayload: { deep: [null, 'ü'] },
          metadata: expect.objectContaining({ header: 'x' }),
        },
      ]);
      expect(describeEvent(received[0])).toMatchObject({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        source: 'beta',
        attempt: 1,
      });
    }
    await stop();
  });

  it('gives each event to one of the handlers that share an id', async () => {
    const { alpha, stop } = await start(storeId);
    const first = createRecorder();
    const second = createRecorder();
    await alpha.subscribe({ id: 's', topics: ['t'], onEvent: first.onEvent });
    await alpha.subscribe({ id: 's', topics: ['t'], onEvent: second.onEvent });
    const count = 20;
    for (let number = 0; number < count; number++) {
      await alpha.publish({ topic: 't', eventPayload: number });
    }
    await first.waitFor(count / 2);
    await second.waitFor(count / 2);
    await stop();
    expect(
      [...first.received, ...second.received]
        .map(({ eventPayload }) => Number(eventPayload))
        .sort((a, b) => a - b),
    ).toEqual([...Array(count).keys()]);
  });

  it('adds up the topics of handlers that share an id', async () => {
    const { alpha, stop } = await start(storeId);
    const first = createRecorder();
    const second = createRecorder();
    await alpha.subscribe({ id: 's', topics: ['a'], onEvent: first.onEvent });
    await alpha.subscribe({ id: 's', topics: ['b'], onEvent: second.onEvent });
    await alpha.publish({ topic: 'a', eventPayload: 1 });
    await alpha.publish({ topic: 'b', eventPayload: 2 });
    await Promise.all([first.waitFor(1), second.waitFor(1)]);
    expect(first.received.map(({ topic }) => topic)).toEqual(['a']);
    expect(second.received.map(({ topic }) => topic)).toEqual(['b']);
    await stop();
  });

  it('tries an event again when its handler fails, and delivers it in the end', async () => {
    const { alpha, stop, waitForDelivery } = await start(storeId);
    const recorder = createRecorder((_, count) => {
      if (count < 3) {
        throw new Error(`attempt ${count}`);
      }
    });
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: recorder.onEvent,
    });
    await alpha.publish({ topic: 't', eventPayload: 1 });
    await recorder.waitFor(3);
    expect(await waitForDelivery('delivered')).toMatchObject({ attempts: 3 });
    expect(
      recorder.received.map(params => describeEvent(params).attempt),
    ).toEqual([1, 2, 3]);
    expect(
      new Set(recorder.received.map(params => describeEvent(params).id)).size,
    ).toBe(1);
    await stop();
  });

  it('gives up after the last attempt, and keeps the event and its errors', async () => {
    const { alpha, knex, stop, waitForDelivery } = await start(storeId);
    const recorder = createRecorder(() => {
      throw new Error('never');
    });
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: recorder.onEvent,
    });
    await alpha.publish({ topic: 't', eventPayload: 1 });
    expect(await waitForDelivery('dead')).toMatchObject({
      attempts: 3,
      last_error: 'Error: never',
    });
    expect(
      await knex('callboard_attempts').orderBy('number').pluck('outcome'),
    ).toEqual(['failed', 'failed', 'failed']);
    await stop();
    expect(recorder.received).toHaveLength(3);
  });

  it('does not let a handler that throws, or never ends, hurt another', async () => {
    const { alpha, beta, stop } = await start(storeId, {
      events: { handlers: { shutdownGrace: { milliseconds: 1 } } },
    });
    const good = createRecorder();
    const hanging = createRecorder(() => new Promise(() => {}));
    await alpha.subscribe({
      id: 'throws',
      topics: ['t'],
      onEvent: () => {
        throw new Error('at once');
      },
    });
    await alpha.subscribe({
      id: 'hangs',
      topics: ['t'],
      onEvent: hanging.onEvent,
    });
    await beta.subscribe({ id: 'good', topics: ['t'], onEvent: good.onEvent });
    for (let number = 0; number < 50; number++) {
      await alpha.publish({ topic: 't', eventPayload: number });
    }
    await good.waitFor(50);
    await hanging.waitFor(10);
    await stop();
  });

  it('counts a handler that takes too long as a failed attempt', async () => {
    const { alpha, stop, waitForDelivery } = await start(storeId, {
      events: {
        handlers: {
          timeLimit: { milliseconds: 20 },
          retry: { maxAttempts: 1 },
        },
      },
    });
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: () => new Promise(() => {}),
    });
    await alpha.publish({ topic: 't', eventPayload: 1 });
    expect(await waitForDelivery('dead')).toMatchObject({
      last_error: expect.stringContaining('events.handlers.timeLimit'),
    });
    await stop();
  });

  it('keeps events with one key in order, while others go on, when one fails', async () => {
    const { alpha, stop } = await start(storeId);
    const failed = new Set<unknown>();
    const handled: string[] = [];
    const recorder = createRecorder(({ eventPayload, metadata }) => {
      const name = `${metadata?.['callboard-event-key']}${eventPayload}`;
      if (name === 'a0' && !failed.has(name)) {
        failed.add(name);
        throw new Error('once');
      }
      handled.push(name);
    });
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: recorder.onEvent,
    });
    for (let number = 0; number < 10; number++) {
      for (const key of ['a', 'b']) {
        await alpha.publish(
          createEventParams({ topic: 't', eventPayload: number, key }),
        );
      }
    }
    await recorder.waitFor(21);
    await stop();
    for (const key of ['a', 'b']) {
      expect(handled.filter(name => name.startsWith(key))).toEqual(
        [...Array(10).keys()].map(number => `${key}${number}`),
      );
    }
  });

  it('stores an event that is published again with the same id once', async () => {
    const { alpha, knex, stop } = await start(storeId);
    const event = createEventParams({
      topic: 't',
      eventPayload: 1,
      id: '018f2d4e-0000-7000-8000-000000000001',
    });
    await Promise.all([alpha.publish(event), alpha.publish(event)]);
    await alpha.publish(event);
    expect(await knex('callboard_events').pluck('id')).toEqual([
      '018f2d4e-0000-7000-8000-000000000001',
    ]);
    await stop();
  });

  it('refuses what cannot be stored, with a reason', async () => {
    const { alpha, stop } = await start(storeId);
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(
      alpha.publish({ topic: 't', eventPayload: cyclic }),
    ).rejects.toThrow('cannot be written as JSON');
    await expect(alpha.publish({ topic: '', eventPayload: 1 })).rejects.toThrow(
      'needs a topic',
    );
    await expect(
      alpha.publish(
        createEventParams({ topic: 't', eventPayload: 1, id: 'x' }),
      ),
    ).rejects.toThrow('must be a UUID');
    await stop();
  });

  it('gives a subscription after a restart what came while it was away', async () => {
    const knex = await stores.openEmpty(storeId);
    const recorder = createRecorder();
    const subscribe = (events: EventsService) =>
      events.subscribe({ id: 's', topics: ['t'], onEvent: recorder.onEvent });
    const before = await startPortal({
      knex,
      features: [createParticipant('alpha', subscribe).feature],
    });
    await before.stop();

    const other = createParticipant('beta');
    const between = await startPortal({ knex, features: [other.feature] });
    await (await other.events).publish({ topic: 't', eventPayload: 'missed' });
    await between.stop();
    expect(recorder.received).toEqual([]);

    const after = await startPortal({
      knex,
      features: [createParticipant('alpha', subscribe).feature],
    });
    await recorder.waitFor(1);
    expect(recorder.received[0].eventPayload).toBe('missed');
    await after.stop();
  });

  it('lets plugins and modules publish and subscribe while everything is still starting', async () => {
    const knex = await stores.openEmpty(storeId);
    const recorder = createRecorder();
    class TypeRouter extends SubTopicEventRouter {
      constructor(events: EventsService) {
        super({ events, topic: 'thing' });
      }
      protected getSubscriberId() {
        return 'TypeRouter';
      }
      protected determineSubTopic({ metadata }: EventParams) {
        return String(metadata?.type);
      }
    }
    // As the stock routers do, and before the events plugin itself is initialised.
    const router = createBackendModule({
      pluginId: 'events',
      moduleId: 'router',
      register(env) {
        env.registerInit({
          deps: { events: eventsServiceRef },
          init: async ({ events }) => new TypeRouter(events).subscribe(),
        });
      },
    });
    const early = createParticipant('early', async events => {
      await events.subscribe({
        id: 's',
        topics: ['thing.big'],
        onEvent: recorder.onEvent,
      });
      await events.publish({
        topic: 'thing',
        eventPayload: 1,
        metadata: { type: 'big' },
      });
    });
    const { stop } = await startPortal({
      knex,
      modules: [router],
      features: [early.feature],
    });
    // The router may have subscribed after the first event; from now on it is there.
    await (
      await early.events
    ).publish({
      topic: 'thing',
      eventPayload: 2,
      metadata: { type: 'big' },
    });
    await recorder.waitFor(1);
    const last = recorder.received.at(-1);
    expect(last).toMatchObject({ topic: 'thing.big' });
    await stop();
  });

  it('stores what a router posts once, even when the router is given its event twice', async () => {
    const { alpha, knex, stop } = await start(storeId);
    const routed = createRecorder(async params => {
      await alpha.publish({ ...params, topic: 't.sub' });
      if (describeEvent(params).attempt === 1) {
        throw new Error('after publishing');
      }
    });
    const recorder = createRecorder();
    await alpha.subscribe({ id: 'r', topics: ['t'], onEvent: routed.onEvent });
    await alpha.subscribe({
      id: 's',
      topics: ['t.sub'],
      onEvent: recorder.onEvent,
    });
    await alpha.publish({ topic: 't', eventPayload: 1 });
    await routed.waitFor(2);
    await recorder.waitFor(1);
    await stop();
    expect(await knex('callboard_events').pluck('topic')).toEqual([
      't',
      't.sub',
    ]);
    expect(recorder.received).toHaveLength(1);
  });

  it('settles what was handled, and hands back what was not, when it stops', async () => {
    const { alpha, knex, stop } = await start(storeId, {
      events: { handlers: { concurrency: 1 } },
    });
    let finish = () => {};
    const recorder = createRecorder(
      () =>
        new Promise<void>(resolve => {
          finish = resolve;
        }),
    );
    await Promise.all(
      [1, 2, 3].map(number =>
        alpha.publish(
          createEventParams({ topic: 't', eventPayload: number, key: 'k' }),
        ),
      ),
    );
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: recorder.onEvent,
    });
    await Promise.all(
      [4, 5, 6].map(number =>
        alpha.publish(
          createEventParams({ topic: 't', eventPayload: number, key: 'k' }),
        ),
      ),
    );
    await recorder.waitFor(1);
    const stopping = stop();
    await waitForRefusal(alpha);
    finish();
    await stopping;
    expect(recorder.received).toHaveLength(1);
    expect(await knex('callboard_batches')).toEqual([]);
    const owed = await knex('callboard_deliveries').orderBy('position');
    expect(owed.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it('leaves turns of the event loop to others while it reads a backlog, and while somebody publishes without a pause', async () => {
    const { alpha, beta, stop } = await start(storeId);
    const backlog = 2_000;
    const longestBatch = 200;
    const turns = { while: '', reading: 0, publishing: 0 };
    let counting = true;
    const count = () => {
      if (turns.while === 'reading' || turns.while === 'publishing') {
        turns[turns.while] += 1;
      }
      if (counting) {
        setImmediate(count);
      }
    };
    count();

    turns.while = 'publishing';
    const publishes = 50;
    for (let number = 0; number < publishes; number++) {
      await alpha.publish({ topic: 'a', eventPayload: number });
    }
    turns.while = '';
    await requireDurable(alpha).publishAll(
      Array.from({ length: 1_000 }, () => ({ topic: 'a', eventPayload: 0 })),
    );
    await requireDurable(alpha).publishAll(
      Array.from({ length: backlog - publishes - 1_000 }, () => ({
        topic: 'a',
        eventPayload: 0,
      })),
    );

    const recorder = createRecorder((_, handled) => {
      turns.while = handled < backlog ? 'reading' : '';
    });
    await requireDurable(beta).subscribe({
      id: 'all',
      topics: ['a'],
      startAt: 'beginning',
      onEvent: recorder.onEvent,
    });
    await recorder.waitFor(backlog);
    counting = false;
    expect(turns.publishing).toBeGreaterThanOrEqual(publishes / 2);
    expect(turns.reading).toBeGreaterThanOrEqual(
      Math.floor(backlog / longestBatch) - 1,
    );
    await stop();
  });
});
