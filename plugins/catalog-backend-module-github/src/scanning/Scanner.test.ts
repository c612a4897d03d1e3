import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
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
async function start(
  store: GithubStore,
  options: Pick<
    NonNullable<Parameters<typeof startFollower>[1]>,
    'reachThrough'
  > = {},
) {
  const { github, catalog, startProcess, settle } = await startFollower(store, {
    ...options,
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
  const { scanner, reconciler } = startProcess();
  return {
    github,
    catalog,
    refuse,
    scanner,
    settle: () => settle(reconciler),
  };
}

const pageSchema = z.looseObject({
  data: z.looseObject({
    repositoryOwner: z.looseObject({
      repositories: z.looseObject({
        nodes: z.array(
          z.looseObject({ owner: z.object({ login: z.string() }) }),
        ),
      }),
    }),
  }),
});

/** Stands before a GitHub that cannot tell what files the repositories of `globex` have. */
async function cutGlobex(apiBaseUrl: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method, headers } = request;
    const answer = await fetch(new URL(request.url ?? '', apiBaseUrl), {
      method,
      headers: {
        authorization: headers.authorization ?? '',
        'content-type': headers['content-type'] ?? '',
      },
      ...(method === 'POST' && { body: await text(request) }),
    });
    const body = await answer.json();
    const page = pageSchema.safeParse(body).data;
    const errors = page?.data.repositoryOwner.repositories.nodes.flatMap(
      ({ owner }, index) =>
        owner.login === 'globex'
          ? {
              message: 'Something is wrong with it',
              path: ['repositoryOwner', 'repositories', 'nodes', index, 'file'],
            }
          : [],
    );
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(errors?.length ? { ...page, errors } : body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  running.push({
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  });
  const { port } = server.address() as AddressInfo;
  const { pathname } = new URL(apiBaseUrl);
  return `http://127.0.0.1:${port}${pathname}`;
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
    expect(await scanner.findHaste()).toMatch(/^The last scan did not go well/);

    github.resetRequestCounts();
    expect(await scanner.runOnce(signal)).toMatchObject({ kind: 'recent' });
    expect(catalog.names).toEqual(['acme/site', 'globex/site']);
    expect(await scanner.findHaste()).toBeUndefined();
  });

  it.each([
    ['', ['globex']],
    [', also when somebody else failed before', ['acme', 'globex']],
  ])(
    'that fails for somebody who was scanned before looks at all of that one the next time%s',
    async (_, failing) => {
      const store = await stores.open(id);
      const { catalog, refuse, scanner, settle, github } = await start(store);
      await scanner.runOnce(signal);
      await store
        .knex('callboard_github_providers')
        .update({ full_scan_ms: 1 });
      // Both happen long before the last scan looked.
      github.model.repositories.delete('globex/site');
      github.model.repositories.create({
        owner: 'globex',
        name: 'new',
        files,
      });
      failing.forEach(owner => refuse(owner, 1));
      await expect(scanner.runOnce(signal)).rejects.toThrow(
        `${failing.length} of 2 owners`,
      );
      expect(catalog.names).toEqual(['acme/site', 'globex/site']);
      await scanner.runOnce(signal);
      await settle();
      expect(catalog.names).toEqual(['acme/site', 'globex/new']);
    },
  );

  it('gives no whole as long as there is something that GitHub lists and does not tell, which others may have left', async () => {
    const store = await stores.open(id);
    const { catalog, scanner } = await start(store, {
      reachThrough: cutGlobex,
    });
    for (let scans = 0; scans < 3; scans++) {
      expect(await scanner.runOnce(signal)).toMatchObject({
        gaps: expect.any(Number),
      });
      expect(catalog.names).toEqual(['acme/site', 'globex/left']);
    }
  });

  it('sees who has uninstalled the app, also when it is not of everything', async () => {
    const store = await stores.open(id);
    const { catalog, scanner, settle, github } = await start(store);
    await scanner.runOnce(signal);
    const [, installation] = [...github.model.state.installations.values()];
    github.model.installations.delete(installation.id);
    expect(await scanner.runOnce(signal)).toMatchObject({
      kind: 'recent',
      missing: 1,
    });
    await settle();
    expect(catalog.names).toEqual(['acme/site']);
  });

  it('gives no whole when nobody seems to have installed the app', async () => {
    const store = await stores.open(id);
    const { catalog, scanner, github } = await start(store);
    for (const installation of github.model.state.installations.values()) {
      github.model.installations.delete(installation.id);
    }
    expect(await scanner.runOnce(signal)).toMatchObject({ owners: 0 });
    expect(catalog.names).toEqual(['globex/left']);
  });

  it('gives the catalog what it has lost, also while somebody has suspended the app who was never scanned', async () => {
    const store = await stores.open(id);
    const { catalog, scanner, github } = await start(store);
    const [, installation] = [...github.model.state.installations.values()];
    github.model.installations.suspend(installation.id);
    await scanner.runOnce(signal);
    expect(catalog.names).toEqual(['acme/site', 'globex/left']);
    for (const apply of [
      () => scanner.applyKnown(),
      () => scanner.runOnce(signal),
    ]) {
      catalog.targets.clear();
      await apply();
      expect(catalog.names).toEqual(['acme/site']);
    }
  });

  it('is needed again when nobody had the provider for long, until somebody has it', async () => {
    const store = await stores.open(id);
    const { scanner } = await start(store);
    await scanner.runOnce(signal);
    await store.knex('callboard_github_providers').update({ seen_ms: 1 });
    expect(await scanner.findHaste()).toMatch(/has not run for/);
    await scanner.noteSeen();
    expect(await scanner.findHaste()).toBeUndefined();
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
