import { ConflictError, InputError, NotFoundError } from '@backstage/errors';
import { readError } from '../__testUtils__/readError';
import { createTestStores } from '../__testUtils__/stores';
import { createKeyPair, createSecret } from '../webhooks/signing';
import { EndpointChangedError } from './EndpointChangedError';
import {
  createEndpointPool,
  declare,
  holdUp,
  makeAttempt,
  makeSettings,
  user,
} from './__testUtils__/endpointPools';

const stores = createTestStores();

describe.each(stores.ids)('an endpoint of the API on %s', storeId => {
  const open = async () =>
    createEndpointPool(await stores.openInSchema(storeId));

  it('is read as it was made', async () => {
    const { pool } = await open();
    const settings = makeSettings({
      filter: 'payload.ref == "refs/heads/main"',
      labels: { team: 'a' },
    });
    const { endpoint, signing } = await pool.create({
      id: 'e',
      managedBy: 'api',
      settings,
      secrets: { headers: { 'x-token': 'secret' } },
      createdBy: user,
    });
    expect(endpoint).toEqual({
      id: 'e',
      managedBy: 'api',
      settings,
      signingKeys: [
        {
          id: expect.any(String),
          version: 'v1',
          createdAtMs: expect.any(Number),
          expiresAtMs: undefined,
          publicKey: undefined,
        },
      ],
      secretHeaders: ['x-token'],
      state: 'active',
      stateReason: undefined,
      stateBy: user,
      stateAtMs: endpoint.createdAtMs,
      revision: expect.any(String),
      createdAtMs: expect.any(Number),
      createdBy: user,
      updatedAtMs: endpoint.createdAtMs,
    });
    expect(Math.abs(endpoint.createdAtMs - Date.now())).toBeLessThan(5_000);
    expect(signing).toEqual([expect.stringMatching(/^whsec_/)]);
    await expect(pool.read('e')).resolves.toEqual(endpoint);
    await expect(pool.read('f')).resolves.toBeUndefined();
  });

  it('tells its secrets once, and shows none of them in the store', async () => {
    const { pool, store } = await open();
    const { signing } = await pool.create({
      id: 'e',
      managedBy: 'api',
      settings: makeSettings({ signatures: ['v1', 'v1a'] }),
      secrets: { headers: { 'x-token': 'a secret value' } },
      createdBy: user,
    });
    expect(signing).toEqual([
      expect.stringMatching(/^whsec_/),
      expect.stringMatching(/^whpk_/),
    ]);
    const stored = JSON.stringify(await store.knex('callboard_endpoints'));
    expect(stored).not.toContain('a secret value');
    expect(stored).not.toContain(signing[0].slice('whsec_'.length));
    expect(stored).not.toContain('whsk_');
    expect(stored).toContain(signing[1]);
  });

  it('signs with the keys that are given, and has the others made', async () => {
    const { pool } = await open();
    const key = createSecret();
    const { endpoint, signing } = await pool.create({
      id: 'e',
      managedBy: 'api',
      settings: makeSettings({ signatures: ['v1', 'v1a'] }),
      secrets: { signing: [key] },
      createdBy: user,
    });
    expect(signing).toEqual([expect.stringMatching(/^whpk_/)]);
    expect(endpoint.signingKeys).toMatchObject([
      { version: 'v1a', publicKey: signing[0] },
      { version: 'v1' },
    ]);
    const secrets = await pool.openSecrets(endpoint);
    expect(secrets.signing).toEqual([expect.stringMatching(/^whsk_/), key]);
  });

  it('takes no id that is taken, by whoever', async () => {
    const { pool, create } = await open();
    const before = await create('e');
    await expect(create('e')).rejects.toThrow(ConflictError);
    await expect(pool.read('e')).resolves.toEqual(before);
    await pool.reconcile([declare('f')]);
    await expect(create('f')).rejects.toThrow(
      "There is an endpoint 'f' already",
    );
  });

  it('is listed by id, and by state', async () => {
    const { pool, create } = await open();
    await create('b');
    await create('a', { owner: 'group:default/other' });
    await pool.reconcile([declare('c')]);
    await pool.setState('b', { state: 'paused', by: user });
    const list = async (filter?: Parameters<typeof pool.list>[0]) =>
      (await pool.list(filter)).map(({ id }) => id);
    await expect(list()).resolves.toEqual(['a', 'b', 'c']);
    await expect(list({ state: 'paused' })).resolves.toEqual(['b']);
  });

  it('has another revision after each change', async () => {
    const { pool, create, read } = await open();
    await create('e');
    await create('other');
    const revisions: string[] = [];
    const note = async () => {
      const { revision } = await read('e');
      const all = await pool.listRevisions();
      expect([...all.keys()].sort()).toEqual(['e', 'other']);
      expect(all.get('e')).toBe(revision);
      revisions.push(revision);
    };
    await note();
    await pool.change('e', { settings: makeSettings({ description: 'b' }) });
    await note();
    await pool.change('e', {
      settings: makeSettings(),
      secrets: { password: 'p' },
    });
    await note();
    await pool.setState('e', { state: 'paused', by: user });
    await note();
    await pool.rotate('e', { version: 'v1', overlapMs: 0 });
    await note();
    expect(new Set(revisions).size).toBe(5);
  });

  it('has those secrets replaced that are given, and keeps the others as long as they are of use', async () => {
    const { pool, create } = await open();
    const basic: Parameters<typeof create>[1] = {
      auth: { type: 'basic', username: 'u' },
      tls: { certificate: 'certificate' },
    };
    const before = await pool.openSecrets(
      await create('e', basic, {
        headers: { a: '1', b: '2' },
        password: 'p',
        clientSecret: 'of no use',
      }),
    );
    const changed = await pool.change('e', {
      settings: makeSettings({ ...basic, url: 'https://other.example.com' }),
      secrets: { headers: { b: '3' }, tlsKey: 'k' },
    });
    expect(changed.signing).toEqual([]);
    expect(changed.endpoint.settings.url).toBe('https://other.example.com');
    expect(changed.endpoint.secretHeaders).toEqual(['b']);
    await expect(pool.openSecrets(changed.endpoint)).resolves.toEqual({
      signing: before.signing,
      headers: { b: '3' },
      password: 'p',
      clientSecret: undefined,
      tlsKey: 'k',
    });
    const without = await pool.change('e', { settings: makeSettings() });
    await expect(pool.openSecrets(without.endpoint)).resolves.toMatchObject({
      headers: { b: '3' },
      password: undefined,
      tlsKey: undefined,
    });
  });

  it('has a key of each version that it signs with, and of no other', async () => {
    const { pool, create } = await open();
    const { signingKeys: before } = await create('e');
    const both = await pool.change('e', {
      settings: makeSettings({ signatures: ['v1', 'v1a'] }),
    });
    expect(both.signing).toEqual([expect.stringMatching(/^whpk_/)]);
    expect(both.endpoint.signingKeys.map(key => key.version).sort()).toEqual([
      'v1',
      'v1a',
    ]);
    expect(both.endpoint.signingKeys).toContainEqual(before[0]);
    const one = await pool.change('e', {
      settings: makeSettings({ signatures: ['v1a'] }),
    });
    expect(one.signing).toEqual([]);
    const { signing } = await pool.openSecrets(one.endpoint);
    expect(signing).toEqual([expect.stringMatching(/^whsk_/)]);
  });

  it('is not changed when a key is none, or of a version that it does not sign with', async () => {
    const { pool, create, read } = await open();
    const before = await create('e');
    for (const key of ['whsec_short', createKeyPair().privateKey]) {
      const settings = makeSettings({ description: 'changed' });
      const secrets = { signing: [key] };
      await expect(pool.change('e', { settings, secrets })).rejects.toThrow(
        InputError,
      );
    }
    await expect(read('e')).resolves.toEqual(before);
  });

  it('is changed by whoever has read it as it is, and by nobody else', async () => {
    const { pool, create } = await open();
    const { revision } = await create('e');
    const settings = makeSettings({ description: 'first' });
    const first = await pool.change('e', { settings }, revision);
    const error = await readError(pool.change('e', { settings }, revision));
    expect(error).toBeInstanceOf(ConflictError);
    expect(String(error)).toContain('Read it again');
    const second = makeSettings({ description: 'second' });
    await pool.change('e', { settings: second }, first.endpoint.revision);
    await expect(pool.change('f', { settings })).rejects.toThrow(NotFoundError);
  });

  it('goes with its health and its replays, and its attempts a part at a time', async () => {
    const { pool, create, store } = await open();
    const { knex } = store;
    for (const endpointId of ['e', 'other']) {
      await create(endpointId);
      await pool.replaceHealth(endpointId, undefined, {});
      await pool.createReplay({
        endpointId,
        query: '{}',
        total: 1,
        place: 0,
        upTo: 9,
        createdBy: user,
      });
      await pool.recordAttempts(
        [1, 2, 3].map(() => makeAttempt({ endpointId })),
      );
    }
    await expect(pool.remove('e')).resolves.toBe(true);
    await expect(pool.remove('e')).resolves.toBe(false);
    await expect(pool.list()).resolves.toMatchObject([{ id: 'other' }]);
    for (const table of [
      'callboard_endpoint_health',
      'callboard_endpoint_replays',
    ]) {
      await expect(knex(table).pluck('endpoint_id')).resolves.toEqual([
        'other',
      ]);
    }
    await expect(pool.removeAttemptsOf('e', 2)).resolves.toBe(2);
    await expect(pool.removeAttemptsOf('e', 2)).resolves.toBe(1);
    await expect(
      knex('callboard_endpoint_attempts').pluck('endpoint_id'),
    ).resolves.toEqual(['other', 'other', 'other']);
  });

  it('keeps nothing that comes after it is gone', async () => {
    const { pool, create, store } = await open();
    await create('e');
    await pool.remove('e');
    await expect(pool.replaceHealth('e', undefined, {})).resolves.toBe(false);
    await expect(
      pool.reserve('e', { count: 1, intervalMs: 50, burst: 1 }),
    ).resolves.toEqual({ granted: 0, waitMs: 50 });
    await expect(
      pool.createReplay({
        endpointId: 'e',
        query: '{}',
        total: 1,
        place: 0,
        upTo: 9,
        createdBy: user,
      }),
    ).rejects.toThrow(NotFoundError);
    await expect(store.knex('callboard_endpoint_health')).resolves.toEqual([]);
  });

  it('that was changed is not removed by whoever has read what it was', async () => {
    const { pool, create } = await open();
    const { revision } = await create('e');
    const { endpoint } = await pool.change('e', { settings: makeSettings() });
    await expect(pool.remove('e', revision)).rejects.toThrow(
      EndpointChangedError,
    );
    await expect(pool.remove('e', endpoint.revision)).resolves.toBe(true);
    await expect(pool.remove('e', endpoint.revision)).resolves.toBe(false);
  });

  it('that cannot be read takes no other down, and is given new settings or removed', async () => {
    const { pool, create, store, unreadable } = await open();
    await create('a');
    await create('b');
    await pool.setState('b', { state: 'disabled', by: user, announce: true });
    await store
      .knex('callboard_endpoints')
      .where({ id: 'b' })
      .update({ settings: '{"url":"https://x","soon":1}' });
    await expect(pool.list()).resolves.toMatchObject([{ id: 'a' }]);
    await expect(pool.listAnnouncements()).resolves.toEqual([]);
    expect(unreadable).toEqual([
      expect.stringContaining("Endpoint 'b' cannot be read"),
      expect.stringContaining("Endpoint 'b' cannot be read"),
    ]);
    await expect(pool.read('b')).rejects.toThrow(
      'remove the endpoint and make it anew',
    );
    await pool.change('b', { settings: makeSettings() });
    await expect(pool.list()).resolves.toHaveLength(2);
    await store.knex('callboard_endpoints').update({ settings: 'no JSON' });
    await expect(pool.read('b')).rejects.toThrow('must be JSON');
    await expect(pool.remove('b')).resolves.toBe(true);
  });

  it('without a key to encrypt with is not made', async () => {
    const { create, pool } = createEndpointPool(
      await stores.openInSchema(storeId),
      [],
    );
    await expect(create('e')).rejects.toThrow(
      'Set events.webhooks.encryptionKeys',
    );
    await expect(pool.list()).resolves.toEqual([]);
  });

  it('is changed by one of two who have read the same', async () => {
    const { pool, create, store, read } = await open();
    const { revision } = await create('e');
    const replica = createEndpointPool(stores.openReplica(store));
    const change = (by: typeof pool, description: string) =>
      by.change('e', { settings: makeSettings({ description }) }, revision);

    const release = await holdUp(store, 'callboard_endpoints', { id: 'e' });
    const both = [change(pool, 'one'), change(replica.pool, 'two')].map(each =>
      each.then(({ endpoint }) => endpoint.settings.description, String),
    );
    await release(2);
    const outcomes = await Promise.all(both);
    const { description } = (await read('e')).settings;
    expect(outcomes.sort()).toEqual([
      expect.stringContaining('changed or removed meanwhile'),
      description,
    ]);
  });
});
