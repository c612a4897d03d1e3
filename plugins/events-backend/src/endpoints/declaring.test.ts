import { ConflictError } from '@backstage/errors';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';
import {
  createEndpointPool,
  declare,
  holdUp,
  makeSettings,
  user,
} from './__testUtils__/endpointPools';

const stores = createTestStores();
const nothing = { created: [], changed: [], taken: [] };

describe.each(stores.ids)('endpoints of the configuration on %s', storeId => {
  const open = async () =>
    createEndpointPool(await stores.openInSchema(storeId));

  it('become what is declared', async () => {
    const { pool, read } = await open();
    await expect(
      pool.reconcile([declare('b'), declare('a'), declare('c')]),
    ).resolves.toEqual({ ...nothing, created: ['a', 'b', 'c'] });
    const settings = makeSettings({ description: 'changed' });
    await expect(
      pool.reconcile([
        declare('a'),
        declare('b', { settings, secretHeaders: ['x-token'] }),
        declare('d'),
      ]),
    ).resolves.toEqual({
      ...nothing,
      created: ['d'],
      changed: ['b'],
    });
    await expect(read('b')).resolves.toMatchObject({
      managedBy: 'config',
      settings,
      secretHeaders: ['x-token'],
      state: 'active',
      createdBy: 'system',
    });
    await expect(pool.list()).resolves.toMatchObject([
      { id: 'a' },
      { id: 'b' },
      { id: 'c' },
      { id: 'd' },
    ]);
  });

  it('are removed once no process has declared them for a while', async () => {
    const { pool, store } = await open();
    await pool.reconcile([declare('a'), declare('b'), declare('c')]);
    const limits = { foreignForMs: 60_000, silentForMs: 60_000 };
    const keep = (...ids: string[]) =>
      pool.keepDeclared(
        ids.map(id => declare(id)),
        limits,
      );
    await expect(keep('a')).resolves.toEqual({ takenBack: [], removed: [] });
    await store
      .knex('callboard_endpoints')
      .whereIn('id', ['a', 'b'])
      .update({ declared_at: 0 });
    // One that this process declares is none of them, and nor is one that another has declared just now.
    await expect(keep('a')).resolves.toEqual({ takenBack: [], removed: ['b'] });
    const revisions = await pool.listRevisions();
    expect([...revisions.keys()].sort()).toEqual(['a', 'c']);
    await expect(pool.readHealth('b')).resolves.toBeUndefined();
  });

  it('are taken back from a configuration that was rolled back, and from no other', async () => {
    const { pool, store, read } = await open();
    const limits = { foreignForMs: 60_000, silentForMs: 60_000 };
    const older = [declare('a')];
    const newer = [
      declare('a', { settings: makeSettings({ description: 'newer' }) }),
    ];
    await pool.reconcile(older);
    await pool.reconcile(newer);
    const { revision } = await read('a');
    const nothingDone = { takenBack: [], removed: [] };
    // A process with the newer one is there, and says so.
    await expect(pool.keepDeclared(newer, limits)).resolves.toEqual(
      nothingDone,
    );
    await expect(pool.keepDeclared(older, limits)).resolves.toEqual(
      nothingDone,
    );
    await expect(read('a')).resolves.toMatchObject({ revision });
    // It has gone, whatever the older one said meanwhile.
    await store.knex('callboard_endpoints').update({ declared_at: 0 });
    await expect(pool.keepDeclared(older, limits)).resolves.toEqual({
      takenBack: ['a'],
      removed: [],
    });
    await expect(read('a')).resolves.toMatchObject({
      settings: makeSettings(),
      state: 'active',
    });
  });

  it('begin where they are told', async () => {
    const { pool, read } = await open();
    await pool.reconcile([declare('a')], 7);
    await pool.reconcile([declare('a'), declare('b')], 9);
    await expect(read('a')).resolves.toMatchObject({ startPosition: 7 });
    await expect(read('b')).resolves.toMatchObject({ startPosition: 9 });
  });

  it('stay what they are when they are declared as before, in whatever order', async () => {
    const { pool } = await open();
    const labels = { a: '1', b: '2' };
    const headers = { 'x-a': '1', 'x-b': '2' };
    const settings = makeSettings({ labels, headers });
    await pool.reconcile([declare('a', { settings }), declare('b')]);
    const before = await pool.list();
    const turned = makeSettings({
      labels: { b: '2', a: '1' },
      headers: { 'x-b': '2', 'x-a': '1' },
    });
    await expect(
      pool.reconcile([declare('b'), declare('a', { settings: turned })]),
    ).resolves.toEqual(nothing);
    await expect(pool.list()).resolves.toEqual(before);
  });

  it('keep their state: one that a person paused stays paused, also when it is declared otherwise', async () => {
    const { pool, read } = await open();
    await pool.reconcile([declare('a')]);
    await pool.setState('a', { state: 'paused', reason: 'Moved', by: user });
    await pool.reconcile([declare('a')]);
    const settings = makeSettings({ description: 'changed' });
    await pool.reconcile([declare('a', { settings })]);
    await expect(read('a')).resolves.toMatchObject({
      state: 'paused',
      stateReason: 'Moved',
      settings,
    });
  });

  it('lose their health when they are declared otherwise', async () => {
    const { pool } = await open();
    await pool.reconcile([declare('a')]);
    await pool.replaceHealth('a', undefined, { failures: 7 });
    await pool.reconcile([declare('a')]);
    await expect(pool.readHealth('a')).resolves.toMatchObject({
      health: { failures: 7 },
    });
    const settings = makeSettings({ url: 'https://other.example.com' });
    await pool.reconcile([declare('a', { settings })]);
    await expect(pool.readHealth('a')).resolves.toEqual({
      version: 2,
      health: undefined,
    });
  });

  it('keep the names of their keys while new ones are put first', async () => {
    const { pool, read } = await open();
    const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
    const old = { version: 'v1a', publicKey } as const;
    await pool.reconcile([declare('a', { signing: [old] })]);
    const before = (await read('a')).signingKeys;
    expect(before).toMatchObject([old]);
    const newest = { version: 'v1a', publicKey: 'whpk_other' } as const;
    await pool.reconcile([declare('a', { signing: [newest, old] })]);
    const { signingKeys } = await read('a');
    expect(signingKeys).toEqual([expect.objectContaining(newest), ...before]);
  });

  it('are many', async () => {
    const { pool } = await open();
    const declared = Array.from({ length: 1_000 }, (_, index) =>
      declare(`e${index}`),
    );
    const { created } = await pool.reconcile(declared);
    expect(created).toHaveLength(1_000);
    await expect(pool.reconcile(declared)).resolves.toEqual(nothing);
    const { removed } = await pool.keepDeclared([], {
      foreignForMs: -60_000,
      silentForMs: -60_000,
    });
    expect(removed).toHaveLength(1_000);
    await expect(pool.listRevisions()).resolves.toEqual(new Map());
  });

  it('take no id of an endpoint of the API, which is no reason for the others to wait', async () => {
    const { pool, create } = await open();
    const made = [await create('a'), await create('b')];
    await pool.reconcile([declare('c')]);
    const declared = [declare('a'), declare('b'), declare('d')];
    await expect(pool.reconcile(declared)).resolves.toEqual({
      ...nothing,
      created: ['d'],
      taken: ['a', 'b'],
    });
    const listOf = async (managedBy: string) =>
      (await pool.list()).filter(each => each.managedBy === managedBy);
    await expect(listOf('api')).resolves.toEqual(made);
    await expect(listOf('config')).resolves.toMatchObject([
      { id: 'c' },
      { id: 'd' },
    ]);
    await pool.remove('a');
    await expect(pool.reconcile(declared)).resolves.toEqual({
      ...nothing,
      created: ['a'],
      taken: ['b'],
    });
  });

  it('are changed in the configuration alone, but for their state', async () => {
    const { pool, read } = await open();
    await pool.reconcile([declare('a')]);
    const before = await read('a');
    for (const refused of [
      pool.change('a', { settings: makeSettings() }),
      pool.rotate('a', { version: 'v1', overlapMs: 0 }),
      pool.remove('a'),
    ]) {
      await expect(refused).rejects.toThrow(ConflictError);
    }
    await expect(
      pool.rotate('a', { version: 'v1', overlapMs: 0 }),
    ).rejects.toThrow('to rotate a key, put the new one first');
    await expect(pool.openSecrets(before)).rejects.toThrow(
      'are in the configuration',
    );
    await expect(read('a')).resolves.toEqual(before);
    await expect(
      pool.setState('a', { state: 'disabled', reason: 'r', by: user }),
    ).resolves.toMatchObject({ state: 'disabled' });
  });

  it('become the same when two replicas start at once', async () => {
    const { pool, store } = await open();
    const replica = createEndpointPool(stores.openReplica(store));
    await pool.reconcile([declare('a'), declare('b'), declare('z')]);
    const declared = [
      declare('a'),
      declare('b', { settings: makeSettings({ description: 'changed' }) }),
      declare('c'),
      declare('d'),
    ];
    const release = await holdUp(store, 'callboard_endpoints', { id: 'a' });
    const both = [pool, replica.pool].map(each => each.reconcile(declared));
    await release(2);
    const outcomes = await Promise.all(both);
    expect(outcomes).toEqual(
      expect.arrayContaining([
        { ...nothing, created: ['c', 'd'], changed: ['b'] },
        nothing,
      ]),
    );
    await expect(pool.list()).resolves.toMatchObject([
      { id: 'a' },
      { id: 'b', settings: { description: 'changed' } },
      { id: 'c' },
      { id: 'd' },
      { id: 'z' },
    ]);
  });
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'the first endpoints of the configuration on %s',
  () => {
    it('are made once when two replicas start at once, and are what the last of them declares', async () => {
      const store = await stores.openInSchema('POSTGRES_15');
      const { pool, read } = createEndpointPool(store);
      const replica = createEndpointPool(stores.openReplica(store));

      // Until it commits, nobody who comes to its row gets on.
      const first = await store.knex.transaction();
      await first('callboard_endpoints').insert({
        id: 'b',
        managed_by: 'config',
        settings: JSON.stringify(makeSettings({ description: 'first' })),
        signing_keys: '[]',
        secret_headers: '[]',
        owner: 'group:default/platform',
        state: 'active',
        state_by: 'system',
        state_at: 1,
        revision: '00000000-0000-4000-8000-000000000000',
        created_at: 1,
        created_by: 'system',
        updated_at: 1,
      });
      await first('callboard_endpoint_health').insert({
        endpoint_id: 'b',
        version: 0,
      });
      const declared = ['a', 'b', 'c'].map(id => declare(id));
      const both = [pool, replica.pool].map(each => each.reconcile(declared));
      await untilBlocked(store, 'callboard_endpoints', 2);
      await first.commit();
      const outcomes = await Promise.all(both);

      expect(outcomes).toEqual(
        expect.arrayContaining([
          { ...nothing, created: ['a', 'c'], changed: ['b'] },
          nothing,
        ]),
      );
      await expect(read('b')).resolves.toMatchObject({
        settings: makeSettings(),
        signingKeys: [{ version: 'v1' }],
      });
      await expect(
        store.knex('callboard_endpoint_health').pluck('endpoint_id'),
      ).resolves.toHaveLength(3);
    });
  },
);
