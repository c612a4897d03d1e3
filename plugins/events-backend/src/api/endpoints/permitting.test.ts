import {
  endpointDeletePermission,
  endpointReadPermission,
  endpointUpdatePermission,
  eventsPermissions,
} from '@callboard/backstage-plugin-events-common';
import type { PolicyDecision } from '@backstage/plugin-permission-common';
import { expectBatch, failed } from '../../__testUtils__/pools';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import {
  denied,
  newEndpoint,
  startEndpointApi,
  type Answer,
  type EndpointApiUnderTest,
} from './__testUtils__/startEndpointApi';
import { endpointPaths } from './endpointPaths';
import {
  createEndpointConditionalDecision,
  endpointConditions,
} from './endpointRules';

const stores = createTestStores();
const running: EndpointApiUnderTest[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(api => api.stop()));
});

const { owner } = newEndpoint;
const other = 'group:default/other';
const uuid = '018f2d4e-0000-7000-8000-000000000001';

/** What a policy answers that leaves endpoints to those who own them. */
const ofOwners = (
  permission: Parameters<typeof createEndpointConditionalDecision>[0],
): PolicyDecision =>
  createEndpointConditionalDecision(
    permission,
    endpointConditions.isOwner({ owners: [owner] }),
  );

const routes = Object.entries(endpointPaths).flatMap(([path, operations]) =>
  Object.keys(operations).map(method => ({
    method: method.toUpperCase(),
    path: path.replace('{id}', 'e').replace(/\{\w+\}/, uuid),
  })),
);

/** An endpoint of ours, and one of others. */
async function start(storeId: StoreId) {
  const api = await startEndpointApi(await stores.openInSchema(storeId));
  running.push(api);
  await api.create('ours');
  await api.create('theirs', { owner: other });
  return api;
}

/** Sees that an endpoint of others is answered as one that is not there. */
async function expectHidden(ask: (id: string) => Promise<Answer>) {
  const [hidden, absent] = [await ask('theirs'), await ask('nobody')];
  expect([hidden.status, absent.status]).toEqual([404, 404]);
  expect(hidden.body.error.message.replace('theirs', 'nobody')).toBe(
    absent.body.error.message,
  );
}

describe.each(stores.ids)('permissions of endpoints, on %s', storeId => {
  it('are asked for by every route, before anything else', async () => {
    const api = await start(storeId);
    for (const { name } of eventsPermissions) {
      api.decisions.set(name, denied);
    }
    const statuses = await Promise.all(
      routes.map(async ({ method, path }) => {
        const response = await fetch(`${api.url}/v1${path}`, { method });
        return [method, path, response.status];
      }),
    );
    expect(statuses).toEqual(
      routes.map(({ method, path }) => [method, path, 403]),
    );
    expect(api.audited).toHaveLength(2);
  });

  it('of reading under conditions show the endpoints that fit, and no trace of others', async () => {
    const api = await start(storeId);
    api.decisions.set(
      endpointReadPermission.name,
      ofOwners(endpointReadPermission),
    );
    const { body } = await api.get('/endpoints');
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(['ours']);
    expect((await api.get('/endpoints/ours')).status).toBe(200);
    for (const path of ['', '/health', '/attempts', `/events/${uuid}`]) {
      await expectHidden(id => api.get(`/endpoints/${id}${path}`));
    }
  });

  it('of changing and removing under conditions show no trace of an endpoint that may not be seen', async () => {
    const api = await start(storeId);
    for (const permission of [
      endpointReadPermission,
      endpointUpdatePermission,
      endpointDeletePermission,
    ]) {
      api.decisions.set(permission.name, ofOwners(permission));
    }
    await expectHidden(id =>
      api.patch(`/endpoints/${id}`, { description: 'mine' }),
    );
    await expectHidden(id => api.delete(`/endpoints/${id}`));
    for (const path of ['/pause', '/test', '/secrets/rotate']) {
      await expectHidden(id => api.post(`/endpoints/${id}${path}`));
    }
    expect(await api.endpoints.read('theirs')).toMatchObject({
      state: 'active',
      settings: { description: '' },
    });
  });

  it('of reading under conditions leave the others out of subscriptions, topics and deliveries', async () => {
    const api = await start(storeId);
    await api.create('named', { owner: other, topics: ['named'] });
    await api.subscriptions.register('s', ['t']);
    const [event] = await api.publish('k');
    for (const id of ['s', 'webhook:ours', 'webhook:theirs']) {
      await api.settle(expectBatch(await api.claim(id)), () => failed);
    }
    const read = async () => {
      const ids = (items: Record<string, string>[], name: string) =>
        items.map(item => item[name]).sort();
      const { body: subscriptions } = await api.get('/subscriptions');
      const { body: topics } = await api.get('/topics');
      const { body: deliveries } = await api.get('/deliveries');
      const { body: theirs } = await api.get(
        '/deliveries?subscriptionId=webhook:theirs',
      );
      const { body: shown } = await api.get(`/events/${event.id}`);
      return {
        subscriptions: ids(subscriptions.items, 'id'),
        topics: topics.items.map((item: { topic: string }) => item.topic),
        subscribed: topics.items.at(-1).subscriptions.toSorted(),
        deliveries: ids(deliveries.items, 'subscriptionId'),
        theirs: theirs.items.length,
        recipients: ids(shown.recipients, 'subscriptionId'),
      };
    };
    const all = ['s', 'webhook:ours', 'webhook:theirs'];
    expect(await read()).toEqual({
      subscriptions: ['s', 'webhook:named', 'webhook:ours', 'webhook:theirs'],
      topics: ['named', 't'],
      subscribed: all,
      deliveries: all,
      theirs: 1,
      recipients: all,
    });
    api.decisions.set(
      endpointReadPermission.name,
      ofOwners(endpointReadPermission),
    );
    const ours = ['s', 'webhook:ours'];
    expect(await read()).toEqual({
      subscriptions: ours,
      topics: ['t'],
      subscribed: ours,
      deliveries: ours,
      theirs: 0,
      recipients: [null, ...ours].sort(),
    });
    api.decisions.set(endpointReadPermission.name, denied);
    expect(await read()).toMatchObject({
      subscriptions: ['s'],
      subscribed: ['s'],
      deliveries: ['s'],
      recipients: [null, null, 's'].sort(),
    });
  });

  it('do not let pages end early where endpoints are left out', async () => {
    const api = await start(storeId);
    await api.create('zz');
    api.decisions.set(
      endpointReadPermission.name,
      ofOwners(endpointReadPermission),
    );
    const first = await api.get('/endpoints?limit=1');
    expect(first.body.items).toMatchObject([{ id: 'ours' }]);
    const second = await api.get(
      `/endpoints?limit=1&cursor=${first.body.nextCursor}`,
    );
    expect(second.body).toMatchObject({ items: [{ id: 'zz' }] });
    expect(second.body.nextCursor).toBeUndefined();
  });

  it('of changing under conditions hold before the change and after it', async () => {
    const api = await start(storeId);
    api.decisions.set(
      endpointUpdatePermission.name,
      ofOwners(endpointUpdatePermission),
    );
    const change = { description: 'mine' };
    const sent = await Promise.all([
      api.patch('/endpoints/ours', change),
      api.patch('/endpoints/theirs', change),
      api.patch('/endpoints/theirs', { owner }),
      api.patch('/endpoints/ours', { owner: other }),
      api.post('/endpoints/theirs/pause'),
      api.post('/endpoints/theirs/test'),
      api.post('/endpoints/theirs/secrets/rotate'),
      api.post('/endpoints/theirs/redeliver', { eventId: uuid }),
      api.post('/endpoints/theirs/replays', { topic: 't' }),
    ]);
    expect(sent.map(({ status }) => status)).toEqual([
      200, 403, 403, 403, 403, 403, 403, 403, 403,
    ]);
    expect(sent[3].body.error.message).toMatch(/Choose an owner/);
  });

  it('of changing under conditions hold for new endpoints too', async () => {
    const api = await start(storeId);
    api.decisions.set(
      endpointUpdatePermission.name,
      ofOwners(endpointUpdatePermission),
    );
    expect((await api.create('more')).status).toBe(201);
    const { status, body } = await api.create('gift', { owner: other });
    expect(status).toBe(403);
    expect(body.error.message).toMatch(/Choose an owner/);
    // Whoever may make endpoints and change none is bound by nothing else.
    api.decisions.set(endpointUpdatePermission.name, denied);
    expect((await api.create('gift', { owner: other })).status).toBe(201);
  });

  it('of events are needed wherever something of them is shown', async () => {
    const api = await start(storeId);
    api.decisions.set('events.event.read', denied);
    const refused = await Promise.all([
      api.get('/endpoints/ours/attempts'),
      api.get(`/endpoints/ours/attempts/${uuid}`),
      api.get(`/endpoints/ours/events/${uuid}`),
      api.post('/endpoints/ours/dry-run'),
      api.post('/endpoints/dry-run', newEndpoint),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([
      403, 403, 403, 403, 403,
    ]);
    expect((await api.get('/endpoints/ours/health')).status).toBe(200);
  });

  it('of changing let somebody try settings who may make no endpoint', async () => {
    const api = await start(storeId);
    api.decisions.set('events.endpoint.create', denied);
    expect((await api.post('/endpoints/dry-run', newEndpoint)).status).toBe(
      200,
    );
    api.decisions.set('events.endpoint.update', denied);
    expect((await api.post('/endpoints/dry-run', newEndpoint)).status).toBe(
      403,
    );
  });

  it('are applied for other plugins by the id of an endpoint', async () => {
    const api = await start(storeId);
    const { conditions } = createEndpointConditionalDecision(
      endpointReadPermission,
      endpointConditions.isOwner({ owners: [owner] }),
    );
    const response = await fetch(
      `${api.url}/.well-known/backstage/permissions/apply-conditions`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          items: ['ours', 'theirs', 'nobody'].map(id => ({
            id,
            resourceRef: id,
            resourceType: 'events-endpoint',
            conditions,
          })),
        }),
      },
    );
    expect(await response.json()).toEqual({
      items: [
        { id: 'ours', result: 'ALLOW' },
        { id: 'theirs', result: 'DENY' },
        { id: 'nobody', result: 'DENY' },
      ],
    });
  });
});
