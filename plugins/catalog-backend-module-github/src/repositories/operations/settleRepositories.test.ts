import { makeNewHint, makeState } from '../../__testUtils__/fixtures';
import {
  createTestStores,
  otherProvider,
  provider,
  unfenced,
} from '../../__testUtils__/testStores';
import type { GithubStore } from '../GithubStore';
import type { KnownLocation } from '../rows';
import { insertHints } from './insertHints';
import { planLocations } from './planLocations';
import { readDueHints } from './readDueHints';
import {
  findWantedTargets,
  listWantedTargets,
  readLocations,
  readRepositories,
} from './readRepositories';
import {
  settleRepositories,
  type ReconciledRepository,
} from './settleRepositories';

const stores = createTestStores();

const makeLocation = (
  name: string,
  target: string,
  state: KnownLocation['state'],
): KnownLocation => ({ nodeId: `R_${name}`, target, state });

function makeReconciled(
  name: string,
  changes: Partial<ReconciledRepository> = {},
): ReconciledRepository {
  return {
    nodeId: `R_${name}`,
    state: makeState(name),
    explanation: 'is read',
    listing: undefined,
    hintIds: [],
    outcome: 'The catalog reads it',
    ...changes,
  };
}

describe.each(stores.ids)('locations on %s', id => {
  const readStates = async (store: GithubStore, ...names: string[]) =>
    (
      await readLocations(
        store,
        provider,
        names.map(name => `R_${name}`),
      )
    )
      .map(({ target, state }) => `${target} ${state}`)
      .sort();

  it('are remembered from when the catalog may hold them until it has dropped them', async () => {
    const store = await stores.open(id);
    await planLocations(
      store,
      provider,
      [makeLocation('site', 'a', 'adding')],
      unfenced,
    );
    expect(await readStates(store, 'site')).toEqual(['a adding']);
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site')],
      1,
      unfenced,
    );
    expect(await readStates(store, 'site')).toEqual(['a held']);
    await planLocations(
      store,
      provider,
      [
        makeLocation('site', 'a', 'removing'),
        makeLocation('site', 'b', 'adding'),
      ],
      unfenced,
    );
    expect(await readStates(store, 'site')).toEqual(['a removing', 'b adding']);
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site')],
      1,
      unfenced,
    );
    expect(await readStates(store, 'site')).toEqual(['b held']);
  });

  it('are settled of the repositories that were reconciled, and of no others', async () => {
    const store = await stores.open(id);
    const planned = [
      makeLocation('site', 'a', 'adding'),
      makeLocation('other', 'b', 'adding'),
    ];
    await planLocations(store, provider, planned, unfenced);
    await planLocations(store, otherProvider, planned, unfenced);
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site')],
      1,
      unfenced,
    );
    expect(await readStates(store, 'site', 'other')).toEqual([
      'a held',
      'b adding',
    ]);
    expect(
      (await readLocations(store, otherProvider, ['R_site'])).map(
        ({ state }) => state,
      ),
    ).toEqual(['adding']);
  });

  it('are wanted as long as some repository of the provider wants them', async () => {
    const store = await stores.open(id);
    await planLocations(
      store,
      provider,
      [
        makeLocation('former', 'a', 'removing'),
        makeLocation('site', 'a', 'adding'),
        makeLocation('former', 'b', 'removing'),
        makeLocation('site', 'c', 'held'),
        makeLocation('same', 'c', 'held'),
      ],
      unfenced,
    );
    await planLocations(
      store,
      otherProvider,
      [makeLocation('elsewhere', 'b', 'held')],
      unfenced,
    );
    expect(
      await findWantedTargets(store, provider, ['a', 'b', 'c', 'd']),
    ).toEqual(new Set(['a', 'c']));
    expect((await listWantedTargets(store, provider)).sort()).toEqual([
      'a',
      'c',
    ]);
    expect(await findWantedTargets(store, provider, [])).toEqual(new Set());
  });

  it('can be many at once', async () => {
    const store = await stores.open(id);
    const targets = Array.from({ length: 1_100 }, (_, index) => `t ${index}`);
    await planLocations(
      store,
      provider,
      targets.map(target => makeLocation('site', target, 'adding')),
      unfenced,
    );
    await planLocations(store, provider, [], unfenced);
    expect(await listWantedTargets(store, provider)).toHaveLength(1_100);
    expect(await findWantedTargets(store, provider, targets)).toEqual(
      new Set(targets),
    );
  });
});

describe.each(stores.ids)('what is known of repositories on %s', id => {
  it('is what was settled last', async () => {
    const store = await stores.open(id);
    const state = makeState('Site', {
      topics: ['docs', 'ünïcode'],
      file: { isEmpty: false },
    });
    await settleRepositories(
      store,
      provider,
      [
        makeReconciled('site', { state: makeState('former') }),
        makeReconciled('other', { explanation: 'is archived' }),
      ],
      1,
      unfenced,
    );
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site', { state })],
      2,
      unfenced,
    );
    expect(
      await readRepositories(store, provider, ['R_site', 'R_other', 'R_none']),
    ).toEqual(
      new Map([
        ['R_site', state],
        ['R_other', makeState('other')],
      ]),
    );
    const [row] = await store
      .knex('callboard_github_repositories')
      .where('node_id', 'R_site');
    expect(row).toMatchObject({ owner: 'acme', full_name: 'acme/site' });
    expect(Number(row.reconciled_at_ms)).toBe(2);
    expect(await readRepositories(store, otherProvider, ['R_site'])).toEqual(
      new Map(),
    );
  });

  it('is forgotten of those that are none of the provider’s any more', async () => {
    const store = await stores.open(id);
    const both = [makeReconciled('site'), makeReconciled('other')];
    await settleRepositories(store, provider, both, 1, unfenced);
    await settleRepositories(store, otherProvider, both, 1, unfenced);
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site', { state: undefined })],
      2,
      unfenced,
    );
    const nodeIds = ['R_site', 'R_other'];
    expect([
      ...(await readRepositories(store, provider, nodeIds)).keys(),
    ]).toEqual(['R_other']);
    expect((await readRepositories(store, otherProvider, nodeIds)).size).toBe(
      2,
    );
  });

  it('is which full scan saw it, also when it was reconciled since', async () => {
    const store = await stores.open(id);
    const readListing = async () =>
      (await store.knex('callboard_github_repositories').first('listing'))
        .listing;
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site', { listing: 'scan 1' })],
      1,
      unfenced,
    );
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site')],
      2,
      unfenced,
    );
    expect(await readListing()).toBe('scan 1');
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site', { listing: 'scan 2' })],
      3,
      unfenced,
    );
    expect(await readListing()).toBe('scan 2');
  });
});

describe.each(stores.ids)('hints that were followed on %s', id => {
  it('keep what came of them, and those of other repositories wait on', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [makeNewHint('site', 1), makeNewHint('site', 1), makeNewHint('other', 1)],
      0,
    );
    const hints = await readDueHints(store, provider, 1, 100);
    const hintIds = hints
      .filter(({ nodeId }) => nodeId === 'R_site')
      .map(hint => hint.id);
    await settleRepositories(
      store,
      provider,
      [makeReconciled('site', { hintIds, outcome: 'The catalog reads it' })],
      77,
      unfenced,
    );
    const rows = await store.knex('callboard_github_hints').orderBy('id');
    expect(
      rows.map(row => [
        row.state,
        row.outcome,
        row.hint === null,
        row.settled_at_ms && Number(row.settled_at_ms),
      ]),
    ).toEqual([
      ['settled', 'The catalog reads it', true, 77],
      ['settled', 'The catalog reads it', true, 77],
      ['pending', null, false, null],
    ]);
    expect(
      (await readDueHints(store, provider, 99, 100)).map(
        ({ nodeId }) => nodeId,
      ),
    ).toEqual(['R_other']);
  });

  it('are settled together with everything else, or not at all', async () => {
    const store = await stores.open(id);
    await insertHints(store, provider, [makeNewHint('site', 1)], 0);
    const [hint] = await readDueHints(store, provider, 1, 100);
    await planLocations(
      store,
      provider,
      [makeLocation('site', 'a', 'adding')],
      unfenced,
    );
    await store.knex.raw(
      'CREATE UNIQUE INDEX refusing ON callboard_github_repositories (owner)',
    );
    await expect(
      settleRepositories(
        store,
        provider,
        [makeReconciled('site', { hintIds: [hint.id] }), makeReconciled('b')],
        1,
        unfenced,
      ),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/unique/i),
    });
    expect(await readDueHints(store, provider, 1, 100)).toEqual([hint]);
    expect(
      (await readLocations(store, provider, ['R_site'])).map(
        ({ state }) => state,
      ),
    ).toEqual(['adding']);
  });
});
