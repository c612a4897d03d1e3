import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { mockCredentials } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import type { EventView } from '@callboard/backstage-plugin-events-common';
import {
  createParticipant,
  createRecorder,
} from '../../__testUtils__/createParticipant';
import { startPortal } from '../../__testUtils__/startPortal';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';

const stores = createTestStores();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) {
    await stop();
  }
});

function asPlugin(pluginId: string) {
  return {
    authorization: mockCredentials.service.header({
      onBehalfOf: mockCredentials.service(`plugin:${pluginId}`),
      targetPluginId: 'events',
    }),
  };
}

/** A portal, and short words for what the stock client asks of it. */
async function start(
  storeId: StoreId,
  options: {
    events?: JsonObject;
    features?: Parameters<typeof startPortal>[0]['features'];
  } = {},
) {
  const knex = await stores.openEmpty(storeId);
  const portal = await startPortal({
    knex,
    config: { events: { notifyTimeoutMs: 20_000, ...options.events } },
    features: options.features,
  });
  stops.unshift(portal.stop);

  const call = (
    method: string,
    path: string,
    pluginId: string,
    init: { body?: unknown; signal?: AbortSignal } = {},
  ) =>
    fetch(`${portal.url}/bus/v1${path}`, {
      method,
      signal: init.signal,
      headers: {
        ...asPlugin(pluginId),
        'content-type': 'application/json',
      },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    });
  const publish = async (
    pluginId: string,
    topic: string,
    payload: unknown,
    notifiedSubscribers?: string[],
  ) => {
    const response = await call('POST', '/events', pluginId, {
      body: { event: { topic, payload }, notifiedSubscribers },
    });
    return response.status;
  };
  const subscribe = async (id: string, topics: string[]) => {
    const [pluginId] = id.split('.');
    const response = await call('PUT', `/subscriptions/${id}`, pluginId, {
      body: { topics },
    });
    return response.status;
  };
  const read = (id: string, signal?: AbortSignal) =>
    call('GET', `/subscriptions/${id}/events`, id.split('.')[0], { signal });
  return {
    ...portal,
    knex,
    call,
    publish,
    subscribe,
    read,
    /** Asks again after each 202, until this many events have come. */
    async readEvents(id: string, count: number) {
      const events: { topic: string; payload: unknown }[] = [];
      while (events.length < count) {
        const response = await read(id);
        if (response.status === 200) {
          const answer: { events: typeof events } = JSON.parse(
            await response.text(),
          );
          events.push(...answer.events);
        } else {
          expect(response.status).toBe(202);
          await response.text();
        }
      }
      return events;
    },
    async explain(topic: string): Promise<EventView> {
      const headers = { authorization: mockCredentials.service.header() };
      const list = await fetch(`${portal.url}/v1/events?topic=${topic}`, {
        headers,
      });
      const { items } = JSON.parse(await list.text());
      const event = await fetch(`${portal.url}/v1/events/${items[0].id}`, {
        headers,
      });
      return JSON.parse(await event.text());
    },
  };
}

const payloadsOf = (events: readonly { payload: unknown }[]) =>
  events.map(({ payload }) => payload);

describe.each(stores.ids)('the bus of stock processes on %s', storeId => {
  it('gives a subscription the events that are published after it was made, in order, at most ten at a time', async () => {
    const portal = await start(storeId);
    await portal.publish('a', 't', 'before');
    expect(await portal.subscribe('b.s', ['t', 'u'])).toBe(201);
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    for (const number of numbers) {
      expect(
        await portal.publish('a', number % 2 ? 't' : 'u', { number }),
      ).toBe(201);
    }
    const first = await portal.read('b.s');
    expect(first.status).toBe(200);
    expect(JSON.parse(await first.text())).toEqual({
      events: numbers.slice(0, 10).map(number => ({
        topic: number % 2 ? 't' : 'u',
        payload: { number },
      })),
    });
    expect(payloadsOf(await portal.readEvents('b.s', 2))).toEqual([
      { number: 10 },
      { number: 11 },
    ]);
  });

  it('stores what nobody wants, and says so with 204', async () => {
    const portal = await start(storeId);
    expect(await portal.publish('a', 'lonely', 1)).toBe(204);
    expect(await portal.explain('lonely')).toMatchObject({
      payload: 1,
      metadata: { 'callboard-event-source': 'a' },
      explanation: expect.stringMatching(/^Nobody was subscribed/),
    });
  });

  it('does not give an event again to subscriptions that had it in the process of its publisher', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    expect(await portal.publish('a', 't', 1, ['a.s'])).toBe(204);
    await portal.subscribe('b.s', ['t']);
    expect(await portal.publish('a', 't', 2, ['a.s', 'a.x'])).toBe(201);
    expect(await portal.publish('b', 't', 3, ['b.s'])).toBe(201);
    expect(await portal.publish('c', 't', 4)).toBe(201);
    expect(payloadsOf(await portal.readEvents('a.s', 2))).toEqual([3, 4]);
    expect(payloadsOf(await portal.readEvents('b.s', 2))).toEqual([2, 4]);
    await portal.publish('b', 'end', 0, ['b.s']);

    await portal.publish('a', 't', 5, ['a.s']);
    expect(await portal.explain('t')).toMatchObject({
      recipients: [
        {
          subscriptionId: 'a.s',
          status: 'delivered',
          explanation: expect.stringMatching(/process of its publisher/),
        },
        { subscriptionId: 'b.s', status: 'waiting' },
      ],
    });
  });

  it('moves the cursor over events that a subscription had already, however many', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    for (let number = 0; number < 25; number++) {
      await portal.publish('a', 't', number, ['a.s']);
    }
    const abort = new AbortController();
    const held = await portal.read('a.s', abort.signal);
    expect(held.status).toBe(202);
    abort.abort();
    const [row] = await portal.knex('callboard_subscriptions');
    expect(Number(row.cursor)).toBe(25);
  });

  it('hands events to handlers of its own process, and theirs to stock processes', async () => {
    const recorder = createRecorder();
    const participant = createParticipant('inside', events =>
      events.subscribe({ id: 's', topics: ['in'], onEvent: recorder.onEvent }),
    );
    const portal = await start(storeId, { features: [participant.feature] });
    const events = await participant.events;
    await portal.subscribe('out.s', ['out']);
    expect(await portal.publish('out', 'in', { a: [1] })).toBe(201);
    await recorder.waitFor(1);
    expect(recorder.received).toEqual([
      expect.objectContaining({ topic: 'in', eventPayload: { a: [1] } }),
    ]);
    await events.publish({ topic: 'out', eventPayload: { b: 2 } });
    expect(await portal.readEvents('out.s', 1)).toEqual([
      { topic: 'out', payload: { b: 2 } },
    ]);
  });

  it('shares the events of a subscription between those who read it', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const got: unknown[] = [];
    const done = new AbortController();
    const readers = [1, 2, 3].map(async () => {
      while (!done.signal.aborted) {
        const response = await portal.read('a.s', done.signal);
        const text = await response.text();
        if (response.status === 200) {
          got.push(...payloadsOf(JSON.parse(text).events));
        }
        if (got.length >= numbers.length) {
          done.abort();
        }
      }
    });
    await Promise.all(numbers.map(number => portal.publish('b', 't', number)));
    await Promise.allSettled(readers);
    expect(got.map(Number).sort((a, b) => a - b)).toEqual(numbers);
  });

  it('holds a request when there is nothing to read, and ends it when something comes', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    const held = await portal.read('a.s');
    expect(held.status).toBe(202);
    expect(held.headers.get('backstage-events-notify-timeout')).toBe('20000');
    const begin = performance.now();
    await portal.publish('b', 'other', 0);
    await portal.publish('b', 't', 1);
    expect(await held.text()).toBe('');
    // Woken, and not found by the look that follows after two seconds.
    expect(performance.now() - begin).toBeLessThan(1_500);
    expect(payloadsOf(await portal.readEvents('a.s', 1))).toEqual([1]);
  });

  it('ends a held request when something was stored that nobody woke it for', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    const held = await portal.read('a.s');
    expect(held.status).toBe(202);
    // The subscription is gone, which no wake-up tells.
    await portal.knex('callboard_subscription_topics').delete();
    await portal.knex('callboard_subscriptions').delete();
    expect(await held.text()).toBe('');
    expect((await portal.read('a.s')).status).toBe(404);
  });

  it('ends a held request when its time has passed', async () => {
    const portal = await start(storeId, { events: { notifyTimeoutMs: 50 } });
    await portal.subscribe('a.s', ['t']);
    const held = await portal.read('a.s');
    expect(held.status).toBe(202);
    expect(held.headers.get('backstage-events-notify-timeout')).toBe('50');
    expect(await held.text()).toBe('');
  });

  it('ends held requests when the process stops, and does not wait for them', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    const held = await portal.read('a.s');
    expect(held.status).toBe(202);
    const stop = stops.shift();
    await Promise.all([stop?.(), held.text()]);
  });

  it('hands back what it could not write, so that somebody else gets it', async () => {
    const portal = await start(storeId);
    await portal.subscribe('a.s', ['t']);
    // More than sockets on both sides take without a reader.
    const large = 'x'.repeat(12_000_000);
    await portal.publish('b', 't', large);
    await portal.publish('b', 't', 'small');
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(
        `${portal.url}/bus/v1/subscriptions/a.s/events`,
        { headers: asPlugin('a') },
        response => {
          expect(response.statusCode).toBe(200);
          response.once('close', resolve);
          response.on('error', () => {});
          response.pause();
          request.destroy();
        },
      );
      request.on('error', reject);
      request.end();
    });
    const events = await portal.readEvents('a.s', 2);
    expect(payloadsOf(events)).toEqual([large, 'small']);
    // Settled after the answer.
    while ((await portal.knex('callboard_batches')).length > 0) {
      await delay(10);
    }
    const deliveries = await portal.knex('callboard_deliveries');
    expect(deliveries).toEqual([
      expect.objectContaining({ state: 'delivered' }),
      expect.objectContaining({ state: 'delivered' }),
    ]);
  });

  it('answers 404 for a subscription that was never made', async () => {
    const portal = await start(storeId);
    expect((await portal.read('a.s')).status).toBe(404);
  });

  it('lets services in and nobody else, and plugins only to their own subscriptions', async () => {
    const portal = await start(storeId);
    const paths: [string, string][] = [
      ['POST', '/events'],
      ['PUT', '/subscriptions/a.s'],
      ['GET', '/subscriptions/a.s/events'],
    ];
    const statusOf = async (
      [method, path]: [string, string],
      authorization?: string,
    ) => {
      const response = await fetch(`${portal.url}/bus/v1${path}`, {
        method,
        headers: authorization ? { authorization } : {},
      });
      return response.status;
    };
    for (const path of paths) {
      expect(await statusOf(path, mockCredentials.none.header())).toBe(401);
      expect(await statusOf(path, mockCredentials.user.header())).toBe(403);
    }
    await portal.subscribe('a.s', ['t']);
    const topics = { body: { topics: ['t'] } };
    expect(
      (await portal.call('PUT', '/subscriptions/a.s', 'b', topics)).status,
    ).toBe(403);
    expect(
      (await portal.call('GET', '/subscriptions/a.s/events', 'b')).status,
    ).toBe(403);
    expect(
      (await portal.call('GET', '/subscriptions/a.s/events', 'a.s')).status,
    ).toBe(403);
    // A service that is no plugin may choose any id.
    await portal.publish('b', 't', 1);
    expect(await statusOf(paths[2], mockCredentials.service.header())).toBe(
      200,
    );
  });

  it.each<[string, string, string, unknown, RegExp]>([
    ['an event', 'POST', '/events', {}, /event/],
    ['a topic', 'POST', '/events', { event: { payload: 1 } }, /event.topic/],
    [
      'a topic that is not empty',
      'POST',
      '/events',
      { event: { topic: '', payload: 1 } },
      /event.topic/,
    ],
    [
      'ids of the notified',
      'POST',
      '/events',
      { event: { topic: 't', payload: 1 }, notifiedSubscribers: [''] },
      /notifiedSubscribers/,
    ],
    [
      'not too many of them',
      'POST',
      '/events',
      {
        event: { topic: 't', payload: 1 },
        notifiedSubscribers: Array(1_001).fill('a.s'),
      },
      /notifiedSubscribers/,
    ],
    [
      'not too long ones',
      'POST',
      '/events',
      {
        event: { topic: 't', payload: 1 },
        notifiedSubscribers: Array(200).fill('a'.repeat(500)),
      },
      /metadata/,
    ],
    ['topics', 'PUT', '/subscriptions/a.s', {}, /topics/],
    [
      'a short id',
      'PUT',
      `/subscriptions/a.${'s'.repeat(512)}`,
      { topics: [] },
      /id/,
    ],
  ])('needs %s', async (_, method, path, body, message) => {
    const portal = await start(storeId);
    const response = await portal.call(method, path, 'a', { body });
    expect(response.status).toBe(400);
    expect(JSON.parse(await response.text()).error.message).toMatch(message);
    expect(await portal.knex('callboard_events')).toEqual([]);
  });

  it('refuses a payload that is larger than the limit', async () => {
    const portal = await start(storeId, {
      events: {
        publish: { maxPayloadBytes: 1_000 },
        http: { maxBodyBytes: 1_000 },
      },
    });
    expect(await portal.publish('a', 't', 'x'.repeat(998))).toBe(204);
    expect(await portal.publish('a', 't', 'x'.repeat(999))).toBe(400);
    expect(await portal.publish('a', 't', 'x'.repeat(1_100_000))).toBe(413);
  });

  it('describes each of its routes', async () => {
    const portal = await start(storeId);
    const response = await portal.call('GET', '/openapi.json', 'a');
    const document = JSON.parse(await response.text());
    expect(
      Object.entries(document.paths).map(([path, methods]) => [
        path,
        Object.keys(Object(methods)),
      ]),
    ).toEqual([
      ['/events', ['post']],
      ['/subscriptions/{id}', ['put']],
      ['/subscriptions/{id}/events', ['get']],
    ]);
  });
});
