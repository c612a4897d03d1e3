import { makeNewHint, makeState } from '../../__testUtils__/fixtures';
import {
  createTestStores,
  provider,
  unfenced,
} from '../../__testUtils__/testStores';
import type { GithubStore } from '../GithubStore';
import { insertHints } from './insertHints';
import { readDueHints } from './readDueHints';
import { settleRepositories } from './settleRepositories';
import { trimHints } from './trimHints';

const stores = createTestStores();

describe.each(stores.ids)('old hints on %s', id => {
  const readNames = (store: GithubStore) =>
    store.knex('callboard_github_hints').orderBy('id').pluck('full_name');

  const passOver = (store: GithubStore, atMs: number, ...names: string[]) =>
    insertHints(
      store,
      provider,
      names.map(fullName => ({ cause: 'event', fullName, reason: 'no' })),
      atMs,
    );

  it('are removed, except those that wait', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [makeNewHint('waiting', 1), makeNewHint('settled', 0)],
      10,
    );
    await passOver(store, 10, 'old');
    await passOver(store, 20, 'new');
    const [settled] = await readDueHints(store, provider, 0, 1);
    await settleRepositories(
      store,
      provider,
      [
        {
          nodeId: settled.nodeId,
          state: makeState('settled'),
          explanation: '',
          listing: undefined,
          hintIds: [settled.id],
          outcome: '',
        },
      ],
      15,
      unfenced,
    );
    expect(await trimHints(store, 20)).toBe(2);
    expect(await readNames(store)).toEqual(['acme/waiting', 'new']);
    expect(await trimHints(store, 20)).toBe(0);
  });

  it('are removed however many there are, up to a limit, the oldest first', async () => {
    const store = await stores.open(id);
    const names = (count: number) => Array.from({ length: count }, () => 'old');
    await passOver(store, 11, 'newest');
    await passOver(store, 10, ...names(2_500));
    expect(await trimHints(store, 20, 1_000)).toBe(1_000);
    expect(await readNames(store)).toHaveLength(1_501);
    expect(await trimHints(store, 11)).toBe(1_500);
    expect(await readNames(store)).toEqual(['newest']);
  });
});
