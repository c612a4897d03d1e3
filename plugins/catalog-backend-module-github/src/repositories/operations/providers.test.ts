import { makeNewHint } from '../../__testUtils__/fixtures';
import {
  createTestStores,
  otherProvider,
  provider,
} from '../../__testUtils__/testStores';
import { addProvider } from './leases';
import { insertHints } from './insertHints';
import { forgetProviders, noteProvider } from './providers';

const stores = createTestStores();

describe.each(stores.ids)('providers on %s', id => {
  const start = async () => {
    const store = await stores.open(id);
    for (const each of [provider, otherProvider]) {
      await insertHints(store, each, [makeNewHint('site', 1)], 1);
      await noteProvider(store, each, 1_000);
    }
    const readNames = async (table: string): Promise<string[]> =>
      store.knex(table).orderBy('provider').distinct().pluck('provider');
    return {
      store,
      readProviders: () => readNames('callboard_github_providers'),
      readHinted: () => readNames('callboard_github_hints'),
    };
  };

  it('are forgotten with all that was noted of them when no process has had them since', async () => {
    const { store, readProviders, readHinted } = await start();
    await noteProvider(store, provider, 2_000);
    await forgetProviders(store, 1_000, []);
    expect(await readHinted()).toEqual([provider, otherProvider]);
    await forgetProviders(store, 2_000, []);
    expect(await readProviders()).toEqual([provider]);
    expect(await readHinted()).toEqual([provider]);
  });

  it('are kept while this process has them, although it could not say so for long', async () => {
    const { store, readHinted } = await start();
    await forgetProviders(store, 9_000, [provider]);
    expect(await readHinted()).toEqual([provider]);
  });

  it('are kept as long as nobody has said yet to have them', async () => {
    const { store, readProviders } = await start();
    await addProvider(store, 'github-provider:new');
    await forgetProviders(store, 9_000, [provider, otherProvider]);
    expect(await readProviders()).toContain('github-provider:new');
  });
});
