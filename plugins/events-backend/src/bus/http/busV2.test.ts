import type { EventParams } from '@backstage/plugin-events-node';
import {
  createEventParams,
  describeEvent,
  isDurable,
} from '@callboard/backstage-plugin-events-node';
import { claimAnswerSchema } from '@callboard/backstage-plugin-events-node/bus';
import { mockCredentials } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import {
  createParticipant,
  createRecorder,
} from '../../__testUtils__/createParticipant';
import { startPortal } from '../../__testUtils__/startPortal';
import { startRemoteProcess } from '../../__testUtils__/startRemoteProcess';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';

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

const asPlugin = (pluginId: string) =>
  mockCredentials.service.header({
    onBehalfOf: mockCredentials.service(`plugin:${pluginId}`),
    targetPluginId: 'events',
  });

/** A portal with the plugin `near`, and another process with the plugin `far` and no events plugin. */
async function start(storeId: StoreId) {
  const knex = await stores.openEmpty(storeId);
  const near = createParticipant('near');
  const far = createParticipant('far');
  const portal = await startPortal({
    knex,
    config: impatient,
    features: [near.feature],
  });
  const remote = await startRemoteProcess({
    getUrl: () => portal.url,
    config: impatient,
    features: [far.feature],
  });
  return {
    knex,
    url: portal.url,
    near: await near.events,
    far: await far.events,
    stop: async () => {
      await remote.stop();
      await portal.stop();
    },
  };
}

const made: EventParams = {
  topic: 'made',
  eventPayload: { text: 'päyload\u0000', nothing: null, list: [1, 2.5] },
  metadata: { 'x-one': 'one', 'x-many': ['a', 'b'] },
};

describe.each(stores.ids)('the bus between processes on %s', storeId => {
  it('takes events whole from one process to the other, both ways', async () => {
    const { near, far, stop } = await start(storeId);
    const atNear = createRecorder();
    const atFar = createRecorder();
    await near.subscribe({
      id: 's',
      topics: ['made'],
      onEvent: atNear.onEvent,
    });
    await far.subscribe({ id: 's', topics: ['made'], onEvent: atFar.onEvent });

    await far.publish(made);
    await near.publish(made);

    await Promise.all([atNear.waitFor(2), atFar.waitFor(2)]);
    for (const { received } of [atNear, atFar]) {
      expect(received).toMatchObject([made, made]);
      expect(received.map(params => describeEvent(params).source)).toEqual([
        'far',
        'near',
      ]);
    }
    expect(atFar.received[0]).toEqual(atNear.received[0]);
    await stop();
  });

  it('tries again at the far process what failed there, in order per key', async () => {
    const { near, far, stop } = await start(storeId);
    const recorder = createRecorder(async ({ eventPayload }, count) => {
      if (eventPayload === 1 && count < 3) {
        throw new Error('not yet');
      }
    });
    await far.subscribe({ id: 's', topics: ['t'], onEvent: recorder.onEvent });
    for (const eventPayload of [1, 2]) {
      await near.publish(
        createEventParams({ topic: 't', eventPayload, key: 'k' }),
      );
    }
    await recorder.waitFor(4);
    expect(recorder.received.map(({ eventPayload }) => eventPayload)).toEqual([
      1, 1, 1, 2,
    ]);
    expect(
      recorder.received.map(params => describeEvent(params).attempt),
    ).toEqual([1, 2, 3, 1]);
    await stop();
  });

  it('publishes several events in one commit, whole or not at all', async () => {
    const { far, knex, stop } = await start(storeId);
    if (!isDurable(far)) {
      throw new Error('The client is not durable');
    }
    await far.publishAll([
      { topic: 'a', eventPayload: 1 },
      { topic: 'b', eventPayload: 2 },
    ]);
    await expect(
      far.publishAll([
        { topic: 'c', eventPayload: 3 },
        { topic: '', eventPayload: 4 },
      ]),
    ).rejects.toThrow(/topic/);
    await expect(
      knex('callboard_events').orderBy('position').pluck('topic'),
    ).resolves.toEqual(['a', 'b']);
    await stop();
  });

  it('refuses an event that cannot be stored, and no other that was sent with it', async () => {
    const { far, knex, stop } = await start(storeId);
    const published = await Promise.allSettled([
      far.publish({ topic: 'good', eventPayload: 1 }),
      far.publish(
        createEventParams({ topic: 'bad', eventPayload: 1, id: 'no uuid' }),
      ),
      far.publish({ topic: 'good', eventPayload: 2 }),
    ]);
    expect(published).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { name: 'InputError' } },
      { status: 'fulfilled' },
    ]);
    await expect(knex('callboard_events').pluck('topic')).resolves.toEqual([
      'good',
      'good',
    ]);
    await stop();
  });

  it('makes a subscription stand again that has expired', async () => {
    const { near, far, knex, stop } = await start(storeId);
    const recorder = createRecorder();
    await far.subscribe({ id: 's', topics: ['t'], onEvent: recorder.onEvent });
    await knex('callboard_subscription_topics').delete();
    await knex('callboard_subscriptions').delete();
    await near.publish({ topic: 't', eventPayload: 'wake' });
    for (;;) {
      const row = await knex('callboard_subscriptions').first('id');
      if (row) {
        break;
      }
      await new Promise(setImmediate);
    }
    await near.publish({ topic: 't', eventPayload: 'again' });
    await recorder.waitFor(1);
    expect(recorder.received).toMatchObject([{ eventPayload: 'again' }]);
    await stop();
  });

  it('lets in services only, and a plugin only to its own subscriptions', async () => {
    const { url, stop } = await start(storeId);
    const put = (authorization: string | undefined, path: string) =>
      fetch(`${url}/bus/v2${path}`, {
        method: 'PUT',
        headers: {
          'content-type': 'application/json',
          ...(authorization && { authorization }),
        },
        body: JSON.stringify({ topics: ['t'] }),
      }).then(({ status }) => status);

    await expect(
      Promise.all([
        put(mockCredentials.none.header(), '/subscriptions/test.s'),
        put(mockCredentials.user.header(), '/subscriptions/test.s'),
        put(asPlugin('test'), '/subscriptions/other.s'),
        put(asPlugin('test'), '/subscriptions/test.s'),
      ]),
    ).resolves.toEqual([401, 403, 403, 204]);
    await stop();
  });

  /** Sends a request as the plugin `far`, like a client of another release. */
  async function send(
    url: string,
    method: 'POST' | 'PUT',
    path: string,
    body: string,
  ) {
    const response = await fetch(`${url}/bus/v2${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        authorization: asPlugin('far'),
      },
      body,
    });
    return { status: response.status, text: await response.text() };
  }

  it('answers what it does not understand with 400', async () => {
    const { url, stop } = await start(storeId);
    const subscribe = (id: string, fields: JsonObject) =>
      send(
        url,
        'PUT',
        `/subscriptions/${encodeURIComponent(id)}`,
        JSON.stringify({ topics: ['t'], ...fields }),
      );
    const answers = await Promise.all([
      send(url, 'POST', '/events', '{'),
      send(url, 'POST', '/events', '{"groups":[]}'),
      send(url, 'POST', '/subscriptions/far.s/claims', '{"maxEvents":0}'),
      subscribe('far.\0', {}),
      subscribe(`far.${'ü'.repeat(255)}`, {}),
      subscribe('far.s', { topics: ['\0'] }),
      subscribe('far.s', {
        topics: Array.from({ length: 201 }, (_, index) => `t${index}`),
      }),
      subscribe('far.s', { retry: { initialDelayMs: 1e18 } }),
      subscribe('far.s', { retry: { maxDelayMs: 1e18 } }),
      subscribe('far.s', { start: { timeMs: 9e15 } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    await stop();
  });

  it('understands a client of a later release, as far as it can', async () => {
    const { near, url, stop } = await start(storeId);
    const more = { more: true };
    const subscribe = { topics: ['t'], ...more };
    await expect(
      send(url, 'PUT', '/subscriptions/far.s', JSON.stringify(subscribe)),
    ).resolves.toMatchObject({ status: 204 });
    await near.publish({ topic: 't', eventPayload: 1 });

    const claim = async () => {
      const { text } = await send(
        url,
        'POST',
        '/subscriptions/far.s/claims',
        JSON.stringify({ waitMs: 10_000, ...more }),
      );
      return claimAnswerSchema.parse(JSON.parse(text));
    };
    const first = await claim();
    const settled = await send(
      url,
      'POST',
      `/subscriptions/far.s/claims/${first.ticket}/settlement`,
      JSON.stringify({
        outcomes: first.events.map(({ position }) => ({
          position,
          outcome: { kind: 'postponed', untilMs: 1 },
        })),
      }),
    );
    expect(settled).toMatchObject({ status: 200, text: '{"good":true}' });
    const second = await claim();
    // Not tried, so this is its first attempt still.
    expect(second.events).toMatchObject([{ payload: 1, attempt: 1 }]);
    await stop();
  });

  it('says by its name that a subscription is missing', async () => {
    const { url, stop } = await start(storeId);
    const { status, text } = await send(
      url,
      'POST',
      '/subscriptions/far.none/claims',
      '{}',
    );
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({
      error: { name: 'SubscriptionMissingError' },
    });
    await stop();
  });
});
