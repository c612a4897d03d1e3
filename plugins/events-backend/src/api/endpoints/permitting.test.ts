import {
  endpointReadPermission,
  endpointUpdatePermission,
  eventsPermissions,
} from '@callboard/backstage-plugin-events-common';
import type { PolicyDecision } from '@backstage/plugin-permission-common';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import {
  denied,
  newEndpoint,
  startEndpointApi,
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
      const hidden = await api.get(`/endpoints/theirs${path}`);
      const missing = await api.get(`/endpoints/nobody${path}`);
      expect(hidden.status).toBe(404);
      expect(hidden.body.error.message.replace('theirs', 'nobody')).toBe(
        missing.body.error.message,
      );
    }
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
