import { startFollower } from '../__testUtils__/Follower';
import { createTestStores } from '../__testUtils__/testStores';
import type { GithubStore } from '../repositories';

const stores = createTestStores();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(each => each.stop()));
});

const files = { 'catalog-info.yaml': 'kind: Component' };
const { signal } = new AbortController();

/** The organizations `acme` and `globex`, each with a repository, which are followed for an app. */
async function start(store: GithubStore) {
  const { github, catalog, startProcess } = await startFollower(store, {
    organizations: ['acme', 'globex'],
    makeProvider: app => ({ app, pageSizes: { repositories: 1 } }),
  });
  running.push(github);
  for (const owner of ['acme', 'globex']) {
    github.model.repositories.create({ owner, name: 'site', files });
  }
  // As the stock provider of the same name has it.
  catalog.targets.add('https://github.com/globex/left/blob/main/x.yaml');
  /** Nothing of its repositories can be read, as often as a scan tries. */
  const refuse = (owner: string, times: number) =>
    github.faults.failRequests('not found', {
      times,
      matches: ({ body }) => body.includes(`"login":"${owner}"`),
    });
  return { github, catalog, refuse, ...startProcess() };
}

describe.each(stores.ids)('a scan on %s', id => {
  it('of somebody that fails keeps nobody else, and takes nothing', async () => {
    const store = await stores.open(id);
    const { catalog, refuse, scanner, github } = await start(store);
    refuse('globex', 1);
    await expect(scanner.runOnce(signal)).rejects.toThrow(
      '1 of 2 owners could not be scanned',
    );
    expect(catalog.names).toEqual(['acme/site', 'globex/left']);
    expect(await scanner.findHaste()).toBe('The last scan did not end');

    github.resetRequestCounts();
    expect(await scanner.runOnce(signal)).toMatchObject({ kind: 'recent' });
    expect(catalog.names).toEqual(['acme/site', 'globex/site']);
    expect(await scanner.findHaste()).toBeUndefined();
  });

  it('that fails for somebody who was scanned before looks at all of that one the next time', async () => {
    const store = await stores.open(id);
    const { catalog, refuse, scanner, reconciler, github } = await start(store);
    await scanner.runOnce(signal);
    await store.knex('callboard_github_providers').update({ full_scan_ms: 1 });
    // Both happen long before the last scan looked.
    github.model.repositories.delete('globex/site');
    github.model.repositories.create({
      owner: 'globex',
      name: 'new',
      files,
    });
    refuse('globex', 1);
    await expect(scanner.runOnce(signal)).rejects.toThrow('1 of 2 owners');
    expect(catalog.names).toEqual(['acme/site', 'globex/site']);
    await scanner.runOnce(signal);
    await reconciler.reconcileDue(signal);
    expect(catalog.names).toEqual(['acme/site', 'globex/new']);
  });

  it('sees who has uninstalled the app, also when it is not of everything', async () => {
    const store = await stores.open(id);
    const { catalog, scanner, reconciler, github } = await start(store);
    await scanner.runOnce(signal);
    const [, installation] = [...github.model.state.installations.values()];
    github.model.installations.delete(installation.id);
    expect(await scanner.runOnce(signal)).toMatchObject({
      kind: 'recent',
      missing: 1,
    });
    await reconciler.reconcileDue(signal);
    expect(catalog.names).toEqual(['acme/site']);
  });

  it('of another configuration begins anew, and is needed again when another process has scanned with its own', async () => {
    const store = await stores.open(id);
    const { scanner } = await start(store);
    await scanner.runOnce(signal);
    await store
      .knex('callboard_github_providers')
      .update({ settings: 'of the replica that ends' });
    expect(await scanner.findHaste()).toMatch(/configuration has changed/);
    expect(await scanner.runOnce(signal)).toMatchObject({ kind: 'full' });
  });
});
