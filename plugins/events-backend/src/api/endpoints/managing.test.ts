import {
  endpointDeletePermission,
  endpointReadPermission,
} from '@callboard/backstage-plugin-events-common';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import { createSecret, createKeyPair } from '../../webhooks/signing';
import {
  declare,
  makeSettings,
} from '../../endpoints/__testUtils__/endpointPools';
import {
  newEndpoint,
  startEndpointApi,
  type EndpointApiUnderTest,
} from './__testUtils__/startEndpointApi';
import {
  createEndpointConditionalDecision,
  endpointConditions,
} from './endpointRules';

const stores = createTestStores();
const running: EndpointApiUnderTest[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(api => api.stop()));
});

async function start(storeId: StoreId) {
  const api = await startEndpointApi(await stores.openInSchema(storeId));
  running.push(api);
  return api;
}

const thirtyOne = Object.fromEntries(
  Array.from({ length: 31 }, (_, index) => [`x-${index}`, 'a']),
);

describe.each(stores.ids)('endpoints through the API, on %s', storeId => {
  it('are made with a key that is shown once, and a subscription', async () => {
    const api = await start(storeId);
    const { status, body, headers } = await api.post('/endpoints', {
      ...newEndpoint,
      id: 'e',
      labels: { team: 'a' },
      secrets: { headers: { 'x-token': 'hush' } },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/v1/endpoints/e');
    expect(headers.get('etag')).toBe(`"${body.endpoint.revision}"`);
    expect(body).toMatchObject({
      endpoint: {
        id: 'e',
        managedBy: 'api',
        ...newEndpoint,
        labels: { team: 'a' },
        concurrency: 10,
        secretHeaders: ['x-token'],
        state: 'active',
        subscriptionId: 'webhook:e',
        createdBy: 'user:default/caller',
      },
      signing: [{ version: 'v1', secret: expect.stringMatching(/^whsec_/) }],
    });
    const read = await api.get('/endpoints/e');
    expect(read.body).toEqual(body.endpoint);
    expect(JSON.stringify(read.body)).not.toMatch(/hush|whsec_/);
    expect(await api.subscriptions.read('webhook:e')).toMatchObject({
      topics: [{ topic: 't' }],
      wish: body.endpoint.revision,
    });
    expect(api.door.changes).toBe(1);
  });

  it('are given an id unless one is asked for, and take none twice', async () => {
    const api = await start(storeId);
    const { body } = await api.post('/endpoints', newEndpoint);
    const { id } = body.endpoint;
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect((await api.create(id)).status).toBe(409);
    expect(await api.subscriptions.read(`webhook:${id}`)).toMatchObject({
      wish: body.endpoint.revision,
    });
  });

  it('show of a v1a key the public part, to receivers without credentials too', async () => {
    const api = await start(storeId);
    const { body } = await api.create('e', { signatures: ['v1', 'v1a'] });
    expect(body.signing).toEqual([
      { version: 'v1', secret: expect.stringMatching(/^whsec_/) },
      { version: 'v1a', publicKey: expect.stringMatching(/^whpk_/) },
    ]);
    const { body: rotated } = await api.post('/endpoints/e/secrets/rotate', {
      version: 'v1a',
    });
    const response = await fetch(`${api.url}/webhooks/jwks/e.json`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('content-type')).toMatch(/jwk-set\+json/);
    expect(await response.json()).toEqual({
      keys: [
        { kty: 'OKP', x: rotated.signing.publicKey },
        { kty: 'OKP', x: body.signing[1].publicKey },
      ],
    });
  });

  it('tell nobody without credentials whether they are there', async () => {
    const api = await start(storeId);
    await api.create('e');
    const [plain, missing] = await Promise.all(
      ['e', 'nobody'].map(async id => {
        const response = await fetch(`${api.url}/webhooks/jwks/${id}.json`);
        const { error } = await response.json();
        return [response.status, error.message.replace(`'${id}'`, 'it')];
      }),
    );
    expect(plain).toEqual(missing);
    expect(plain[0]).toBe(404);
  });

  it('begin at the end, at the beginning or at a time', async () => {
    const api = await start(storeId);
    await api.publish('a', 'b');
    await api.create('end');
    await api.create('beginning', { startAt: 'beginning' });
    await api.create('time', { startAt: '2000-01-01T00:00:00Z' });
    const cursors = await Promise.all(
      ['end', 'beginning', 'time'].map(async id => {
        const subscription = await api.subscriptions.read(`webhook:${id}`);
        return subscription?.cursor;
      }),
    );
    expect(cursors).toEqual([2, 0, 0]);
  });

  it('are not there when their subscription cannot be made', async () => {
    const api = await start(storeId);
    api.door.failure = new Error('no subscription');
    const response = await fetch(`${api.url}/v1/endpoints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...newEndpoint, id: 'e' }),
    });
    expect(response.status).toBe(500);
    expect(await api.endpoints.list()).toEqual([]);
    api.door.failure = undefined;
    expect((await api.create('e')).status).toBe(201);
  });

  it('are listed page by page, by owner, state, label and topic', async () => {
    const api = await start(storeId);
    await api.create('a', { labels: { team: 'x' }, topics: ['github.*'] });
    await api.create('b', { owner: 'group:default/other' });
    await api.create('c', { labels: { team: 'y' } });
    await api.post('/endpoints/c/pause');
    const list = async (query: string) => {
      const { body } = await api.get(`/endpoints?${query}`);
      return body.items.map(({ id }: { id: string }) => id);
    };
    const first = await api.get('/endpoints?limit=2');
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual([
      'a',
      'b',
    ]);
    const rest = await api.get(
      `/endpoints?limit=2&cursor=${first.body.nextCursor}`,
    );
    expect(rest.body.items.map(({ id }: { id: string }) => id)).toEqual(['c']);
    expect(rest.body.nextCursor).toBeUndefined();
    expect(await list('owner=Group:default/OTHER')).toEqual(['b']);
    expect(await list('state=paused')).toEqual(['c']);
    expect(await list('label=team')).toEqual(['a', 'c']);
    expect(await list('label=team:x&label=team')).toEqual(['a']);
    expect(await list('topic=github.push')).toEqual(['a']);
  });

  it('are changed field by field, and keep the rest', async () => {
    const api = await start(storeId);
    const { body: created } = await api.create('e', {
      filter: 'payload.wanted',
      concurrency: 3,
      auth: { type: 'basic', username: 'u' },
      secrets: { headers: { 'x-token': 'hush' }, password: 'hush' },
    });
    const { status, body, headers } = await api.patch('/endpoints/e', {
      topics: ['t', 'u'],
      filter: null,
      concurrency: null,
      secrets: { password: 'new' },
    });
    expect(status).toBe(200);
    const { filter: _, ...before } = created.endpoint;
    expect(body).toEqual({
      endpoint: {
        ...before,
        topics: ['t', 'u'],
        concurrency: 10,
        revision: expect.not.stringMatching(before.revision),
        updatedAt: expect.any(String),
      },
      signing: [],
    });
    expect(headers.get('etag')).toBe(`"${body.endpoint.revision}"`);
    const endpoint = await api.endpoints.read('e');
    expect(
      endpoint && (await api.endpoints.openSecrets(endpoint)),
    ).toMatchObject({
      headers: { 'x-token': 'hush' },
      password: 'new',
      signing: [created.signing[0].secret],
    });
    expect(await api.subscriptions.read('webhook:e')).toMatchObject({
      topics: [{ topic: 't' }, { topic: 'u' }],
      wish: body.endpoint.revision,
    });
    expect(api.door.checked.at(-1)).toEqual({
      headers: { 'x-token': 'hush' },
      password: 'new',
    });
  });

  it('carry no credentials to another receiver', async () => {
    const api = await start(storeId);
    await api.create('e', {
      secrets: { headers: { 'x-token': 'hush' } },
    });
    const url = 'https://elsewhere.example/hooks';
    const { status, body } = await api.patch('/endpoints/e', { url });
    expect(status).toBe(400);
    expect(body.error.message).toContain('secrets.headers');
    const given = await api.patch('/endpoints/e', {
      url,
      secrets: { headers: {} },
    });
    expect(given.body.endpoint).toMatchObject({ url, secretHeaders: [] });
  });

  it('are checked with the secrets that are kept, as far as they are of use', async () => {
    const api = await start(storeId);
    await api.create('e', {
      auth: { type: 'basic', username: 'u' },
      tls: { certificate: 'certificate' },
      secrets: { password: 'hush', tlsKey: 'key' },
    });
    await api.patch('/endpoints/e', { description: 'mine' });
    expect(api.door.checked.at(-1)).toEqual({
      headers: {},
      password: 'hush',
      tlsKey: 'key',
    });
    await api.patch('/endpoints/e', { auth: null, tls: null });
    expect(api.door.checked.at(-1)).toEqual({ headers: {} });
  });

  it('refuse a secret that they have no use for', async () => {
    const api = await start(storeId);
    await api.create('e');
    const change = { secrets: { clientSecret: 'hush' } };
    const { status, body } = await api.patch('/endpoints/e', change);
    expect(status).toBe(400);
    expect(body.error.message).toMatch(/^secrets\.clientSecret: .*no use/);
  });

  it('whose secrets cannot be opened are given all of them anew, or removed', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.create('f');
    await api.store
      .knex('callboard_endpoints')
      .update({ secrets: 'v1.lost.secret' });
    const description = 'mine';
    for (const refused of [
      await api.patch('/endpoints/e', { description }),
      await api.post('/endpoints/e/secrets/rotate'),
    ]) {
      expect(refused.status).toBe(409);
      expect(refused.body.error.message).toMatch(/Put that key back/);
    }
    const partly = await api.patch('/endpoints/e', {
      description,
      secrets: { headers: {} },
    });
    expect(partly.status).toBe(409);
    expect(partly.body.error.message).toMatch(/does not give secrets.signing$/);
    const given = await api.patch('/endpoints/e', {
      description,
      secrets: { signing: [createSecret()], headers: {} },
    });
    expect(given.status).toBe(200);
    expect(given.body.endpoint).toMatchObject({ description });
    expect((await api.delete('/endpoints/f')).status).toBe(204);
  });

  it('that cannot be read are removed by those who may remove any, and hidden from those who may not see all', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.store
      .knex('callboard_endpoints')
      .update({ settings: '{"soon":1}' });
    const read = () =>
      fetch(`${api.url}/v1/endpoints/e`).then(({ status }) => status);
    expect(await read()).toBe(500);
    const ofOwners = (
      permission: Parameters<typeof createEndpointConditionalDecision>[0],
    ) =>
      createEndpointConditionalDecision(
        permission,
        endpointConditions.isOwner({ owners: [newEndpoint.owner] }),
      );
    const { name: remove } = endpointDeletePermission;
    api.decisions.set(remove, ofOwners(endpointDeletePermission));
    expect((await api.delete('/endpoints/e')).status).toBe(403);
    const { name: see } = endpointReadPermission;
    api.decisions.set(see, ofOwners(endpointReadPermission));
    expect(await read()).toBe(404);
    expect((await api.delete('/endpoints/e')).status).toBe(404);
    api.decisions.clear();
    expect((await api.delete('/endpoints/e')).status).toBe(204);
    expect(await api.subscriptions.read('webhook:e')).toBeUndefined();
    expect(await api.endpoints.listRevisions()).toEqual(new Map());
  });

  it('show the key that a change makes', async () => {
    const api = await start(storeId);
    await api.create('e');
    const { body } = await api.patch('/endpoints/e', {
      signatures: ['v1', 'v1a'],
    });
    expect(body.signing).toEqual([
      { version: 'v1a', publicKey: expect.stringMatching(/^whpk_/) },
    ]);
  });

  it('are changed only if they are what somebody has read, when that is asked for', async () => {
    const api = await start(storeId);
    const { headers } = await api.create('e');
    const etag = headers.get('etag') ?? '';
    const change = { description: 'mine' };
    const ours = await api.patch('/endpoints/e', change, { 'If-Match': etag });
    expect(ours.status).toBe(200);
    const stale = { 'If-Match': etag };
    const late = await Promise.all([
      api.patch('/endpoints/e', change, stale),
      api.post('/endpoints/e/pause', {}, stale),
      api.post('/endpoints/e/resume', {}, stale),
      api.post('/endpoints/e/secrets/rotate', {}, stale),
      api.delete('/endpoints/e', stale),
    ]);
    for (const { status, body } of late) {
      expect(status).toBe(412);
      expect(body.error.name).toBe('PreconditionFailedError');
      expect(body.error.message).toMatch(/Read it again/);
    }
    const any = await api.patch('/endpoints/e', change, { 'If-Match': '*' });
    expect(any.status).toBe(200);
    // A proxy that compresses makes a weak tag of ours.
    const weak = { 'If-Match': `W/${any.headers.get('etag')}` };
    const paused = await api.post('/endpoints/e/pause', {}, weak);
    expect(paused.status).toBe(200);
    for (const wrong of ['a', '"a", "b"', 'w/"a"']) {
      const { status } = await api.patch('/endpoints/e', change, {
        'If-Match': wrong,
      });
      expect(status).toBe(400);
    }
    const gone = await api.delete('/endpoints/e', {
      'If-Match': paused.headers.get('etag') ?? '',
    });
    expect(gone.status).toBe(204);
  });

  it('are not changed when they become another while permission is asked for', async () => {
    const api = await start(storeId);
    const { headers } = await api.create('e');
    const { createEvent } = api.auditor;
    // Behind the permission, and before the change.
    jest.spyOn(api.auditor, 'createEvent').mockImplementation(async event => {
      await api.endpoints.change('e', { settings: makeSettings() });
      return createEvent(event);
    });
    const send = (init: Record<string, string> | undefined) => [
      () => api.patch('/endpoints/e', { description: 'mine' }, init),
      () => api.post('/endpoints/e/pause', {}, init),
      () => api.post('/endpoints/e/secrets/rotate', {}, init),
      () => api.delete('/endpoints/e', init),
    ];
    for (const ask of send(undefined)) {
      const { status, body } = await ask();
      expect([status, body.error.name]).toEqual([409, 'ConflictError']);
    }
    let etag = headers.get('etag') ?? '';
    for (const index of send({}).keys()) {
      etag = (await api.get('/endpoints/e')).headers.get('etag') ?? '';
      const { status } = await send({ 'If-Match': etag })[index]();
      expect(status).toBe(412);
    }
  });

  it('are paused, resumed and disabled, by whom and why', async () => {
    const api = await start(storeId);
    await api.create('e');
    const paused = await api.post('/endpoints/e/pause', { reason: 'upgrade' });
    expect(paused.body).toMatchObject({
      state: 'paused',
      stateReason: 'upgrade',
      stateBy: 'user:default/caller',
    });
    const again = await api.post('/endpoints/e/pause');
    expect(again.status).toBe(200);
    expect(again.body).toEqual(paused.body);
    const disabled = await api.post('/endpoints/e/disable');
    expect(disabled.body.state).toBe('disabled');
    expect(await api.endpoints.listAnnouncements()).toMatchObject([
      { endpoint: { id: 'e' } },
    ]);
    const resumed = await api.post('/endpoints/e/resume');
    expect(resumed.body).toMatchObject({ state: 'active', stateReason: null });
    expect(await api.endpoints.listAnnouncements()).toEqual([]);
    // Once for making it, and once for each change, of which one changed nothing.
    expect(api.door.changes).toBe(4);
  });

  it('sign with a new key beside the former one, which ends', async () => {
    const api = await start(storeId);
    const { body: created } = await api.create('e');
    const { body } = await api.post('/endpoints/e/secrets/rotate');
    expect(body.signing.secret).not.toBe(created.signing[0].secret);
    const [newest, former] = body.endpoint.signingKeys;
    expect(newest.expiresAt).toBeNull();
    expect(Date.parse(former.expiresAt) - Date.parse(newest.createdAt)).toBe(
      24 * 3_600_000,
    );
    const secret = createSecret();
    const own = await api.post('/endpoints/e/secrets/rotate', {
      secret,
      overlapMs: 0,
    });
    expect(own.body.signing).toEqual({ version: 'v1', secret });
    expect(own.body.endpoint.signingKeys).toHaveLength(1);
  });

  it('refuse a key that is none, or too long an overlap, and show nothing of it', async () => {
    const api = await start(storeId);
    await api.create('e');
    const rotate = (request: object) =>
      api.post('/endpoints/e/secrets/rotate', request);
    for (const secret of ['whsec_c2hvcnQ=', createKeyPair().privateKey]) {
      const { status, body } = await rotate({ secret });
      expect(status).toBe(400);
      expect(body.error.message).not.toContain(secret.slice(6, 14));
    }
    for (const request of [
      { overlapMs: 7 * 24 * 3_600_000 + 1 },
      { version: 'v1a' },
    ]) {
      expect((await rotate(request)).status).toBe(400);
    }
  });

  it('go with everything that was theirs', async () => {
    const api = await start(storeId);
    await api.create('e');
    const { status } = await api.delete('/endpoints/e');
    expect(status).toBe(204);
    expect(await api.subscriptions.read('webhook:e')).toBeUndefined();
    expect((await api.get('/endpoints/e')).status).toBe(404);
    expect((await api.delete('/endpoints/e')).status).toBe(404);
  });

  it('are changed in the configuration alone when they are declared there, but can be stopped', async () => {
    const api = await start(storeId);
    await api.endpoints.reconcile([declare('e')]);
    const refused = await Promise.all([
      api.patch('/endpoints/e', { description: 'mine' }),
      api.delete('/endpoints/e'),
      api.post('/endpoints/e/secrets/rotate'),
    ]);
    for (const { status, body } of refused) {
      expect(status).toBe(409);
      expect(body.error.message).toMatch(
        /change it there, under events\.webhooks\.endpoints\.e\. /,
      );
    }
    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'active'],
      ['disable', 'disabled'],
    ]) {
      const { status, body } = await api.post(`/endpoints/e/${verb}`);
      expect([status, body.state]).toEqual([200, state]);
    }
  });

  it.each([
    [{ ...newEndpoint, surprise: 1 }, /surprise/],
    [{ ...newEndpoint, id: 'Capital' }, /^id: /],
    [{ ...newEndpoint, topics: [] }, /^topics: /],
    [{ ...newEndpoint, startAt: 'yesterday' }, /^startAt: /],
    [{ ...newEndpoint, url: 'http://10.0.0.1' }, /rule: 10\.0\.0\.0\/8/],
    [{ ...newEndpoint, secrets: { signing: ['whsec_x'] } }, /secret/],
    [{ ...newEndpoint, secrets: { password: 'p' } }, /^secrets\.password: /],
    [{ ...newEndpoint, description: 'a\0' }, /^description: .*zero/],
    [{ ...newEndpoint, secrets: { headers: thirtyOne } }, /at most 30/],
    [{ ...newEndpoint, entity: { annotation: thirtyOne } }, /at most 30/],
    [undefined, /./],
  ])('refuse %j and say why', async (request, message) => {
    const api = await start(storeId);
    const { status, body } = await api.post('/endpoints', request);
    expect(status).toBe(400);
    expect(body.error.message).toMatch(message);
    expect(await api.endpoints.list()).toEqual([]);
  });

  it('are not made without a key to encrypt their secrets with, nor of a body that is too large', async () => {
    const api = await startEndpointApi(await stores.openInSchema(storeId), []);
    running.push(api);
    const { status, body } = await api.create('e');
    expect(status).toBe(501);
    expect(body.error.message).toMatch(/Set events\.webhooks\.encryptionKeys/);
    const description = 'a'.repeat(500_000);
    expect((await api.create('e', { description })).status).toBe(413);
  });

  it('leave a trace of each change in the audit log, without secrets', async () => {
    const api = await start(storeId);
    await api.create('e', { secrets: { headers: { 'x-token': 'hush' } } });
    await api.patch('/endpoints/e', {
      description: 'private',
      secrets: { headers: { 'x-token': 'hush again' } },
    });
    await api.post('/endpoints/e/pause', { reason: 'upgrade' });
    await api.post('/endpoints/e/resume');
    await api.post('/endpoints/e/disable');
    await api.post('/endpoints/e/secrets/rotate', { secret: createSecret() });
    await api.post('/endpoints/e/test');
    await api.post('/endpoints/e/redeliver', {
      eventId: '018f2d4e-0000-7000-8000-000000000001',
    });
    await api.delete('/endpoints/e');
    expect(api.outcomes).toEqual([
      'endpoint-create done',
      'endpoint-update done',
      'endpoint-pause done',
      'endpoint-resume done',
      'endpoint-disable done',
      'endpoint-rotate done',
      'endpoint-test done',
      'endpoint-redeliver NotFoundError',
      'endpoint-delete done',
    ]);
    expect(api.audited[1].meta).toEqual({
      endpointId: 'e',
      owner: newEndpoint.owner,
      fields: ['description'],
      secrets: ['headers'],
    });
    expect(JSON.stringify(api.audited.map(({ meta }) => meta))).not.toMatch(
      /hush|private|whsec_/,
    );
  });
});
