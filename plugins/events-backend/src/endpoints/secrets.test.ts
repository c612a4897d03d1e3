import { ConflictError, InputError } from '@backstage/errors';
import { createTestStores } from '../__testUtils__/stores';
import { createKeyPair, createSecret } from '../webhooks/signing';
import {
  createEndpointPool,
  declare,
  keyMaker,
  makeSettings,
} from './__testUtils__/endpointPools';
import { UnreadableSecretsError } from './heldSecrets';
import { SecretVault } from './SecretVault';

const stores = createTestStores();
const oldKey = 'an old key that is long enough to be one';
const newKey = 'a new key that is long enough to be one.';
const hour = 3_600_000;
const basicAuth = { type: 'basic', username: 'u' } as const;
const oauth2 = {
  type: 'oauth2',
  tokenUrl: 'https://id.example.com/token',
  clientId: 'c',
} as const;

describe.each(stores.ids)('the secrets of an endpoint on %s', storeId => {
  const open = async () =>
    createEndpointPool(await stores.openInSchema(storeId));

  /** Lets time pass for the keys of an endpoint. */
  async function passTime(
    { store }: Awaited<ReturnType<typeof open>>,
    ms: number,
  ): Promise<void> {
    const rows: { id: string; signing_keys: string }[] = await store.knex(
      'callboard_endpoints',
    );
    for (const { id, signing_keys: text } of rows) {
      const keys: { expiresAtMs?: number }[] = JSON.parse(text);
      const earlier = keys.map(key => ({
        ...key,
        ...(key.expiresAtMs && { expiresAtMs: key.expiresAtMs - ms }),
      }));
      await store
        .knex('callboard_endpoints')
        .where({ id })
        .update({
          signing_keys: JSON.stringify(earlier),
          keys_end_at: store.knex.raw('keys_end_at - ?', [ms]),
        });
    }
  }

  it('are opened as they were given, as far as the settings have a use for them', async () => {
    const { pool, create } = await open();
    const secrets = {
      signing: [createSecret(), createSecret()],
      headers: { 'x-token': 'a' },
      password: 'b',
      clientSecret: 'c',
      tlsKey: 'd',
    };
    const tls = { certificate: 'certificate' };
    const basic = await create('basic', { auth: basicAuth, tls }, secrets);
    await expect(pool.openSecrets(basic)).resolves.toEqual({
      ...secrets,
      clientSecret: undefined,
    });
    const oauth = await create('oauth', { auth: oauth2 }, secrets);
    await expect(pool.openSecrets(oauth)).resolves.toEqual({
      ...secrets,
      password: undefined,
      tlsKey: undefined,
    });
  });

  it('are not opened for an endpoint that was changed since: new ones must not go to a former URL', async () => {
    const { pool, create, read } = await open();
    const before = await create('e');
    await pool.change('e', {
      settings: makeSettings({
        url: 'https://other.example.com',
        auth: basicAuth,
      }),
      secrets: { password: 'new' },
    });
    await expect(pool.openSecrets(before)).rejects.toThrow(ConflictError);
    const after = await read('e');
    await expect(pool.openSecrets(after)).resolves.toMatchObject({
      password: 'new',
    });
    await pool.remove('e');
    await expect(pool.openSecrets(after)).rejects.toThrow('Read it again');
  });

  it('are not opened in the row of another', async () => {
    const { pool, create, store } = await open();
    const victim = await create('e', {}, { password: 'secret' });
    const thief = await create('f');
    const { secrets } = await store
      .knex('callboard_endpoints')
      .where({ id: victim.id })
      .first();
    await store
      .knex('callboard_endpoints')
      .where({ id: thief.id })
      .update({ secrets });
    await expect(pool.openSecrets(thief)).rejects.toThrow(
      'The secret of f cannot be decrypted',
    );
  });

  it('of another version are neither told in the error nor lost', async () => {
    const { pool, create, store } = await open();
    const endpoint = await create('e');
    // As a later version might seal it.
    const vault = new SecretVault(['a key that is long enough to be one']);
    const secrets = vault.seal('{"signing":[],"soon":"whsec_a"}', 'e');
    await store.knex('callboard_endpoints').update({ secrets });
    const opening = pool.openSecrets(endpoint);
    await expect(opening).rejects.toThrow(UnreadableSecretsError);
    await expect(opening).rejects.toThrow('give all of its secrets anew');
    await expect(opening).rejects.not.toThrow('whsec_a');
    await expect(
      pool.change('e', { settings: makeSettings() }),
    ).rejects.toThrow('cannot be read');
  });

  it('whose key is lost are replaced by a change that gives all of them, and by no other', async () => {
    const store = await stores.openInSchema(storeId);
    const before = createEndpointPool(store, [oldKey]);
    await before.create('e', {}, { headers: { 'x-token': 'a' } });
    const { pool } = createEndpointPool(store, [newKey]);
    const settings = makeSettings({ auth: basicAuth });
    const signing = [createSecret()];
    for (const secrets of [
      {},
      { signing, headers: {} },
      { signing, password: 'b' },
      { headers: {}, password: 'b' },
    ]) {
      await expect(pool.change('e', { settings, secrets })).rejects.toThrow(
        UnreadableSecretsError,
      );
    }
    await expect(
      pool.rotate('e', { version: 'v1', overlapMs: 0 }),
    ).rejects.toThrow('Put that key back');
    const { endpoint } = await pool.change('e', {
      settings,
      secrets: { signing, headers: {}, password: 'b' },
    });
    await expect(pool.openSecrets(endpoint)).resolves.toEqual({
      signing,
      headers: {},
      password: 'b',
      clientSecret: undefined,
      tlsKey: undefined,
    });
  });

  it('whose key is lost do not keep an endpoint from being removed', async () => {
    const store = await stores.openInSchema(storeId);
    await createEndpointPool(store, [oldKey]).create('e');
    const { pool } = createEndpointPool(store, [newKey]);
    await expect(pool.remove('e')).resolves.toBe(true);
  });

  it('are sealed anew with the newest key, so that the older one can be taken away', async () => {
    const store = await stores.openInSchema(storeId);
    const before = createEndpointPool(store, [oldKey]);
    const endpoints = [];
    for (const id of ['a', 'b', 'c']) {
      endpoints.push(
        await before.create(id, { auth: basicAuth }, { password: id }),
      );
    }
    await before.pool.reconcile([declare('d')]);

    const { pool } = createEndpointPool(store, [newKey, oldKey]);
    await expect(pool.resealOutdated(2)).resolves.toBe(2);
    await expect(pool.resealOutdated(2)).resolves.toBe(1);
    await expect(pool.resealOutdated(2)).resolves.toBe(0);

    const after = createEndpointPool(store, [newKey]);
    for (const endpoint of endpoints) {
      // With the revision that they had: nothing has changed for anybody.
      await expect(after.pool.openSecrets(endpoint)).resolves.toMatchObject({
        password: endpoint.id,
      });
    }
  });

  it('that cannot be opened do not keep the others from being sealed anew', async () => {
    const store = await stores.openInSchema(storeId);
    await createEndpointPool(store, [
      'a key that is lost, and was long enough to be one',
    ]).create('a');
    await createEndpointPool(store, [oldKey]).create('b');
    const { pool, unreadable } = createEndpointPool(store, [newKey, oldKey]);
    await expect(pool.resealOutdated(1)).resolves.toBe(1);
    expect(unreadable).toEqual([expect.stringContaining('Put that key back')]);
    const closed = createEndpointPool(store, []);
    await expect(closed.pool.resealOutdated(1)).resolves.toBe(0);
  });

  it('are rotated: requests are signed with the new key and, for a while, with the old one', async () => {
    const pools = await open();
    const { pool, create, read } = pools;
    const first = await create('e');
    const [oldSecret] = (await pool.openSecrets(first)).signing;
    const { endpoint, signing } = await pool.rotate('e', {
      version: 'v1',
      overlapMs: hour,
    });
    expect(signing).toMatch(/^whsec_/);
    expect(endpoint.signingKeys).toEqual([
      expect.objectContaining({ version: 'v1', expiresAtMs: undefined }),
      {
        ...first.signingKeys[0],
        expiresAtMs: endpoint.updatedAtMs + hour,
      },
    ]);
    expect((await pool.openSecrets(endpoint)).signing).toEqual([
      signing,
      oldSecret,
    ]);

    await passTime(pools, hour);
    expect((await pool.openSecrets(await read('e'))).signing).toEqual([
      signing,
    ]);
  });

  it('are rotated with a key that is given, for each version by itself', async () => {
    const { pool, create } = await open();
    await create('e', { signatures: ['v1', 'v1a'] });
    const { privateKey, publicKey } = createKeyPair();
    const { endpoint, signing } = await pool.rotate('e', {
      version: 'v1a',
      overlapMs: hour,
      key: privateKey,
    });
    expect(signing).toBe(publicKey);
    expect(
      endpoint.signingKeys.map(key => [
        key.version,
        key.expiresAtMs !== undefined,
      ]),
    ).toEqual([
      ['v1a', false],
      ['v1a', true],
      ['v1', false],
    ]);
  });

  it('are not rotated with a key that does not fit', async () => {
    const { pool, create, read } = await open();
    const key = createSecret();
    const before = await create('e', {}, { signing: [key] });
    const rotate = (version: 'v1' | 'v1a', given?: string) =>
      pool.rotate('e', { version, overlapMs: 0, key: given });
    await expect(rotate('v1a')).rejects.toThrow('does not sign with v1a');
    await expect(rotate('v1', key)).rejects.toThrow('has this key already');
    await expect(rotate('v1', createKeyPair().privateKey)).rejects.toThrow(
      'The key is one of v1a',
    );
    await expect(rotate('v1', 'whsec_short')).rejects.toThrow(InputError);
    await expect(
      pool.rotate(
        'e',
        { version: 'v1', overlapMs: 0 },
        '00000000-0000-4000-8000-000000000000',
      ),
    ).rejects.toThrow(ConflictError);
    await expect(read('e')).resolves.toEqual(before);
  });

  it('lose the keys that have ended, of which others are told by a new revision', async () => {
    const pools = await open();
    const { pool, create, read } = pools;
    const untouched = await create('a');
    await create('b');
    await pool.rotate('b', { version: 'v1', overlapMs: hour });
    await pool.rotate('b', { version: 'v1', overlapMs: 3 * hour });
    await expect(pool.expireKeys()).resolves.toBe(0);
    const before = await read('b');
    expect(before.signingKeys).toHaveLength(3);

    await passTime(pools, 2 * hour);
    await expect(pool.expireKeys()).resolves.toBe(1);
    await expect(pool.expireKeys()).resolves.toBe(0);
    const after = await read('b');
    expect(after.revision).not.toBe(before.revision);
    expect(after.signingKeys).toHaveLength(2);
    expect((await pool.openSecrets(after)).signing).toHaveLength(2);

    await passTime(pools, 2 * hour);
    await expect(pool.expireKeys()).resolves.toBe(1);
    await expect(read('a')).resolves.toEqual(untouched);
  });

  it('that cannot be opened do not keep the keys of others from ending', async () => {
    const pools = await open();
    const { pool, create, store, unreadable } = pools;
    for (const id of ['a', 'b']) {
      await create(id);
      await pool.rotate(id, { version: 'v1', overlapMs: hour });
    }
    await passTime(pools, 2 * hour);
    await store
      .knex('callboard_endpoints')
      .where({ id: 'a' })
      .update({ secrets: 'v1.gone.' });
    await expect(pool.expireKeys()).resolves.toBe(1);
    expect(unreadable).toEqual([expect.stringContaining('Put that key back')]);
  });

  it('are kept of ten old keys and no more', async () => {
    const { pool, create, read } = await open();
    await create('e');
    for (let turn = 0; turn < 12; turn += 1) {
      await pool.rotate('e', { version: 'v1', overlapMs: hour });
    }
    const endpoint = await read('e');
    expect(endpoint.signingKeys).toHaveLength(11);
    const { signing } = await pool.openSecrets(endpoint);
    expect(new Set(signing).size).toBe(11);
    expect(signing.map(key => keyMaker.read(key).version)).toEqual(
      Array.from({ length: 11 }, () => 'v1'),
    );
  });
});
