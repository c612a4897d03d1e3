import {
  createServiceFactory,
  coreServices,
} from '@backstage/backend-plugin-api';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { createEventParams } from '@callboard/backstage-plugin-events-node';
import { createPermissionIntegrationRouter } from '@backstage/plugin-permission-node';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Router } from 'express';
import {
  createParticipant,
  createRecorder,
} from '../__testUtils__/createParticipant';
import { createPools } from '../__testUtils__/pools';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { startPortal } from '../__testUtils__/startPortal';
import { createEndpointPool } from '../endpoints/__testUtils__/endpointPools';
import { InProcessNotifier } from '../notifiers';
import { createEndpointRouter, EndpointAccess } from './endpoints';
import { FakeDoor } from './endpoints/__testUtils__/FakeDoor';
import { createApiRouter } from './createApiRouter';
import { openApiDocument } from './openApiDocument';

const stores = createTestStores();

const ajv = addFormats(new Ajv2020({ strict: false }));

/** Receivers find the keys of endpoints beside it. */
const { '/webhooks/jwks/{id}.json': keysOfEndpoints, ...behindV1 } =
  openApiDocument.paths;

/** Checks an answer against the OpenAPI document; fails for a route or a status that it does not describe. */
function expectDescribed(
  method: 'get' | 'post',
  path: keyof typeof behindV1,
  status: number,
  body: unknown,
) {
  const operation: {
    responses: Record<
      number,
      { content: { 'application/json': { schema: object } } }
    >;
  } = Object(behindV1[path])[method];
  const answer = operation.responses[status];
  expect(answer).toBeDefined();
  const validate = ajv.compile(answer.content['application/json'].schema);
  validate(body);
  expect(validate.errors).toBeNull();
}

async function start(
  storeId: StoreId,
  options: { deny?: boolean | string } = {},
) {
  const knex = await stores.openEmpty(storeId);
  const alpha = createParticipant('alpha');
  const audited: unknown[] = [];
  const auditor = createServiceFactory({
    service: coreServices.auditor,
    deps: {},
    factory: () => ({
      createEvent: async event => {
        audited.push(event.eventId);
        return {
          success: async outcome => {
            audited.push(outcome?.meta);
          },
          fail: async outcome => {
            audited.push(outcome.error.name);
          },
        };
      },
    }),
  });
  const decide = ({ name }: { name: string }) => ({
    result:
      options.deny === true || options.deny === name
        ? AuthorizeResult.DENY
        : AuthorizeResult.ALLOW,
  });
  const portal = await startPortal({
    knex,
    config: {
      events: {
        http: { topics: ['door'] },
        handlers: { retry: { maxAttempts: 1 } },
        webhooks: { encryptionKeys: ['a key that is long enough to be one'] },
      },
    },
    features: [
      alpha.feature,
      auditor,
      mockServices.permissions.mock({
        authorize: async requests =>
          requests.map(({ permission }) => decide(permission)),
        authorizeConditional: async requests =>
          requests.map(({ permission }) => decide(permission)),
      }).factory,
    ],
  });
  const headers = {
    authorization: mockCredentials.user.header(),
    'content-type': 'application/json',
  };
  const read = async (response: Response) => ({
    status: response.status,
    body: await response.json(),
  });
  return {
    ...portal,
    knex,
    audited,
    alpha: await alpha.events,
    get: async (path: string, init: RequestInit = { headers }) =>
      read(await fetch(`${portal.url}/v1${path}`, init)),
    post: async (path: string, body: unknown) =>
      read(
        await fetch(`${portal.url}/v1${path}`, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        }),
      ),
    /** Waits until nothing is claimed or still to be claimed. */
    async settle() {
      for (;;) {
        const { body } = await read(
          await fetch(`${portal.url}/v1/subscriptions`, { headers }),
        );
        const [open] = await knex('callboard_batches').count({ open: '*' });
        const busy = body.items.some(
          (item: { lag: number; owed: { due: number } }) =>
            item.lag > 0 || item.owed.due > 0,
        );
        if (!busy && Number(open.open) === 0) {
          return;
        }
      }
    },
  };
}

describe.each(stores.ids)('the API on %s', storeId => {
  it('lists events page by page, by topic, key and time', async () => {
    const { alpha, get, stop } = await start(storeId);
    for (let number = 0; number < 5; number++) {
      await alpha.publish(
        createEventParams({
          topic: number % 2 ? 'odd' : 'even',
          eventPayload: number,
          key: `k${number}`,
        }),
      );
    }
    const first = await get('/events?limit=2');
    expectDescribed('get', '/events', first.status, first.body);
    const second = await get(`/events?limit=2&cursor=${first.body.nextCursor}`);
    const third = await get(`/events?limit=2&cursor=${second.body.nextCursor}`);
    const keys = [first, second, third].flatMap(({ body }) =>
      body.items.map(({ key }: { key: string }) => key),
    );
    expect(keys).toEqual(['k4', 'k3', 'k2', 'k1', 'k0']);
    expect(third.body.nextCursor).toBeUndefined();

    const odd = await get('/events?topic=odd&order=asc');
    expect(odd.body.items.map(({ key }: { key: string }) => key)).toEqual([
      'k1',
      'k3',
    ]);
    const one = await get('/events?key=k2');
    expect(one.body.items).toHaveLength(1);
    const future = await get(
      `/events?from=${encodeURIComponent('2999-01-01T00:00:00Z')}`,
    );
    expect(future.body.items).toEqual([]);
    const past = await get(
      `/events?to=${encodeURIComponent('2999-01-01T00:00:00Z')}`,
    );
    expect(past.body.items).toHaveLength(5);
    await stop();
  });

  it('says of an event who got it, who did not and why', async () => {
    const { alpha, get, settle, stop } = await start(storeId);
    await alpha.publish({ topic: 't', eventPayload: 'early' });
    await alpha.subscribe({
      id: 'good',
      topics: ['t'],
      onEvent: async () => {},
    });
    await alpha.subscribe({
      id: 'bad',
      topics: ['t'],
      onEvent: async () => {
        throw new Error('broken');
      },
    });
    await alpha.publish({
      topic: 't',
      eventPayload: { a: [1] },
      metadata: { header: 'x' },
    });
    await alpha.publish({ topic: 'lonely', eventPayload: null });
    await settle();

    const list = await get('/events?order=asc');
    const [early, common, lonely] = await Promise.all(
      list.body.items.map(({ id }: { id: string }) => get(`/events/${id}`)),
    );
    expectDescribed('get', '/events/{id}', common.status, common.body);
    expect(common.body).toMatchObject({
      topic: 't',
      payload: { a: [1] },
      metadata: { header: 'x' },
      explanation: 'Delivered to 1 of 2 subscriptions',
      recipients: [
        {
          subscriptionId: 'alpha.bad',
          status: 'dead',
          explanation: expect.stringContaining('broken'),
          attempts: [{ number: 1, outcome: 'failed', error: 'Error: broken' }],
        },
        { subscriptionId: 'alpha.good', status: 'delivered', attempts: [] },
      ],
    });
    expect(early.body.recipients).toMatchObject([
      { subscriptionId: 'alpha.bad', status: 'not-wanted' },
      { subscriptionId: 'alpha.good', status: 'not-wanted' },
    ]);
    expect(early.body.explanation).toContain('Nobody was subscribed');
    expect(lonely.body.explanation).toContain('Nobody was subscribed');
    await stop();
  });

  it('says nothing of recipients, whose errors may quote payloads, to those who may not read deliveries', async () => {
    const { alpha, get, settle, stop } = await start(storeId, {
      deny: 'events.delivery.read',
    });
    await alpha.subscribe({
      id: 'bad',
      topics: ['t'],
      onEvent: async () => {
        throw new Error('hush');
      },
    });
    await alpha.publish({ topic: 't', eventPayload: 1 });
    await settle();
    const [{ id }] = (await get('/events')).body.items;
    const { status, body } = await get(`/events/${id}`);
    expectDescribed('get', '/events/{id}', status, body);
    expect(body).toMatchObject({
      payload: 1,
      explanation:
        'Who got it is told to those who have the permission events.delivery.read',
    });
    expect(JSON.stringify(body)).not.toMatch(/hush|alpha\.bad/);
    await stop();
  });

  it('shows topics, subscriptions and dead deliveries', async () => {
    const { alpha, get, settle, stop } = await start(storeId);
    await alpha.subscribe({
      id: 'bad',
      topics: ['t', 'quiet'],
      onEvent: async () => {
        throw new Error('broken');
      },
    });
    await alpha.publish(
      createEventParams({ topic: 't', eventPayload: 1, key: 'k' }),
    );
    await alpha.publish({ topic: 'lonely', eventPayload: 1 });
    await settle();

    const topics = await get('/topics');
    expectDescribed('get', '/topics', topics.status, topics.body);
    expect(topics.body.items).toMatchObject([
      { topic: 'door', ingress: true, lastPosition: null, subscriptions: [] },
      { topic: 'lonely', ingress: false, lastPosition: 2, subscriptions: [] },
      { topic: 'quiet', lastPosition: null, subscriptions: ['alpha.bad'] },
      { topic: 't', lastPosition: 1, subscriptions: ['alpha.bad'] },
    ]);
    const subscriptions = await get('/subscriptions');
    expectDescribed(
      'get',
      '/subscriptions',
      subscriptions.status,
      subscriptions.body,
    );
    expect(subscriptions.body.items).toMatchObject([
      {
        id: 'alpha.bad',
        topics: ['quiet', 't'],
        lag: 0,
        owed: { due: 0, dead: 1 },
        lastError: 'Error: broken',
      },
    ]);
    const dead = await get('/deliveries?state=dead');
    expectDescribed('get', '/deliveries', dead.status, dead.body);
    expect(dead.body.items).toMatchObject([
      {
        subscriptionId: 'alpha.bad',
        topic: 't',
        key: 'k',
        state: 'dead',
        attempts: 1,
      },
    ]);
    const due = await get('/deliveries?state=due');
    expect(due.body.items).toEqual([]);
    await stop();
  });

  it('replays one event, or all that match, after a dry run that counts, and audits it', async () => {
    const { alpha, get, post, settle, audited, stop } = await start(storeId);
    let broken = true;
    const recorder = createRecorder(() => {
      if (broken) {
        throw new Error('broken');
      }
    });
    await alpha.subscribe({
      id: 's',
      topics: ['t'],
      onEvent: recorder.onEvent,
    });
    for (let number = 0; number < 3; number++) {
      await alpha.publish(
        createEventParams({ topic: 't', eventPayload: number, key: 'k' }),
      );
    }
    await recorder.waitFor(3);
    await settle();
    broken = false;

    const dryRun = await post('/replays', {
      query: { state: 'dead' },
      dryRun: true,
    });
    expectDescribed('post', '/replays', dryRun.status, dryRun.body);
    expect(dryRun.body).toEqual({
      dryRun: true,
      events: 3,
      deliveries: 3,
      alreadyOwed: 0,
    });
    expect(recorder.received).toHaveLength(3);

    const replay = await post('/replays', { query: { state: 'dead' } });
    expect(replay.body).toEqual({
      dryRun: false,
      events: 3,
      deliveries: 3,
      alreadyOwed: 0,
    });
    await recorder.waitFor(6);
    await settle();
    expect(
      recorder.received.slice(3).map(({ eventPayload }) => eventPayload),
    ).toEqual([0, 1, 2]);

    const { body } = await get('/events?order=asc&limit=1');
    const one = await post('/replays', {
      eventId: body.items[0].id,
      subscriptionId: 'alpha.s',
    });
    expect(one.body).toMatchObject({ events: 1, deliveries: 1 });
    await recorder.waitFor(7);
    const all = await post('/replays', { query: { topic: 't' } });
    expect(all.body).toMatchObject({ events: 3 });
    await recorder.waitFor(9);

    expect(audited).toContain('event-replay');
    expect(audited).toContainEqual(replay.body);
    await stop();
  });

  it('opens the public keys of endpoints to everybody, and nothing beside them', async () => {
    const { post, get, url, stop } = await start(storeId);
    const made = await post('/endpoints', {
      id: 'e',
      url: 'https://receiver.example.com',
      topics: ['t'],
      owner: 'group:default/platform',
      signatures: ['v1a'],
    });
    expectDescribed('post', '/endpoints', made.status, made.body);
    expect(made.body.signing).toEqual([
      { version: 'v1a', publicKey: expect.stringMatching(/^whpk_/) },
    ]);
    const anonymous = {
      headers: { authorization: mockCredentials.none.header() },
    };
    const keys = await fetch(`${url}/webhooks/jwks/e.json`, anonymous);
    const { content } = keysOfEndpoints.get.responses[200];
    const validate = ajv.compile(content['application/jwk-set+json'].schema);
    const keySet: unknown = await keys.json();
    validate(keySet);
    expect(validate.errors).toBeNull();
    expect(keySet).toMatchObject({ keys: [{ kty: 'OKP', crv: 'Ed25519' }] });
    const statuses = await Promise.all(
      ['/v1/endpoints/e', '/webhooks', '/webhooks/jwks/../../v1/endpoints'].map(
        async path => (await fetch(`${url}${path}`, anonymous)).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 401]);
    const health = await get('/endpoints/e/health');
    expectDescribed(
      'get',
      '/endpoints/{id}/health',
      health.status,
      health.body,
    );
    await stop();
  });

  it.each([
    ['get', '/events', '/events?limit=0', 400],
    ['get', '/events', '/events?limit=201', 400],
    ['get', '/events', '/events?surprise=1', 400],
    ['get', '/events', '/events?cursor=nonsense', 400],
    ['get', '/events', '/events?from=yesterday', 400],
    ['get', '/events/{id}', '/events/nonsense', 400],
    [
      'get',
      '/events/{id}',
      '/events/018f2d4e-0000-7000-8000-000000000001',
      404,
    ],
    ['get', '/deliveries', '/deliveries?state=lost', 400],
  ] as const)(
    'answers %s %s at %s with %i and a reason',
    async (method, path, url, status) => {
      const { get, stop } = await start(storeId);
      const answer = await get(url);
      expect(answer.status).toBe(status);
      expectDescribed(method, path, status, answer.body);
      await stop();
    },
  );

  it('refuses replays that name nothing, too much, or something that is not there', async () => {
    const { post, stop } = await start(storeId);
    const id = '018f2d4e-0000-7000-8000-000000000001';
    const statuses = await Promise.all(
      [
        {},
        { query: {} },
        { eventId: id, query: { topic: 't' } },
        { eventId: 'nonsense' },
        { query: { topic: 't' }, surprise: 1 },
        { query: { state: 'dead', from: '2026-01-01T00:00:00Z' } },
        { eventId: id },
        { query: { topic: 't' }, subscriptionId: 'nobody' },
      ].map(async body => {
        const answer = await post('/replays', body);
        expectDescribed('post', '/replays', answer.status, answer.body);
        return answer.status;
      }),
    );
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 404, 404]);
    await stop();
  });

  it('demands credentials and permissions on every route of its description', async () => {
    const allowed = await start(storeId);
    const denied = await start(storeId, { deny: true });
    for (const [path, operations] of Object.entries(behindV1)) {
      for (const method of Object.keys(operations)) {
        const url = path.replace(
          /\{\w+\}/g,
          '018f2d4e-0000-7000-8000-000000000001',
        );
        const init = { method: method.toUpperCase() };
        const anonymous = await fetch(`${allowed.url}/v1${url}`, {
          ...init,
          headers: { authorization: mockCredentials.none.header() },
        });
        expect([path, anonymous.status]).toEqual([path, 401]);
        const forbidden = await fetch(`${denied.url}/v1${url}`, {
          ...init,
          headers: { authorization: mockCredentials.user.header() },
        });
        expect([path, forbidden.status]).toEqual([path, 403]);
      }
    }
    await allowed.stop();
    await denied.stop();
  });
});

/** Each route of a router, as the OpenAPI document names it. */
function listRoutes({ stack }: Router, prefix = ''): string[] {
  return stack.flatMap(({ route }) =>
    route
      ? route.stack.map(({ method }) => {
          const path = `${prefix}${route.path}`.replace(/(?<=.)\/$/, '');
          return `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;
        })
      : [],
  );
}

describe('the description of the API', () => {
  it('has the one route that stands elsewhere, and asks for no credentials', () => {
    expect(keysOfEndpoints.get).toMatchObject({
      servers: [{ url: '/api/events' }],
      security: [],
    });
  });

  it('has every route, and no other', async () => {
    const store = await stores.open('SQLITE_FILE');
    const pools = createPools(store);
    const options = {
      ...pools,
      endpoints: createEndpointPool(store).pool,
      door: new FakeDoor(pools.subscriptions),
      notifier: new InProcessNotifier(),
      follow: {
        stream: async () => {},
        poll: async () => ({ lost: 'everything' }),
      },
      listIngressTopics: () => [],
      httpAuth: mockServices.httpAuth(),
      permissions: mockServices.permissions.mock(),
      permissionsRegistry: createPermissionIntegrationRouter(),
      auditor: mockServices.auditor.mock(),
    };
    const access = new EndpointAccess(options);
    const routes = [
      ...listRoutes(createApiRouter(options)),
      ...listRoutes(createEndpointRouter({ ...options, access }), '/endpoints'),
    ];
    const described = Object.entries(behindV1).flatMap(([path, operations]) =>
      Object.keys(operations).map(method => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual([...described, 'get /openapi.json'].sort());
  });
});
