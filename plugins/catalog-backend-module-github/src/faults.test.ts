import {
  coreServices,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import stockModule from '@backstage/plugin-catalog-backend-module-github';
import type { JsonObject } from '@backstage/types';
import {
  createTestDatabases,
  GithubModel,
  type GithubFailure,
  type GithubRequestInfo,
  type GithubServer,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import {
  githubServiceRef,
  GithubService,
} from '@callboard/backstage-plugin-github-node';
import { FollowedPortal, waitFor } from './__testUtils__/FollowedPortal';
import { GithubClock } from './__testUtils__/GithubClock';
import { startGithub } from './__testUtils__/startGithub';

jest.setTimeout(60_000);

const databases = createTestDatabases();
/** Enough where it does not matter how something is stored. */
const oneDatabase = databases.ids.slice(-1);
const running: { stop(): Promise<void> }[] = [];
const portals: { portal: FollowedPortal; secrets: string[] }[] = [];

const itAtFullSize = process.env.FAULT_TESTS_SIZE === 'full' ? it : it.skip;

/** A provider of whoever has installed the app. */
const byApp: Parameters<typeof startFollowing>[1] = {
  organizations: ['acme', 'globex'],
  repositories: ['acme/a-docs', 'acme/a-shop', 'acme/a-site', 'globex/site'],
  makeProvider: (common, app) => ({ ...common, app }),
};

/** Stops all, and makes sure that no log has secrets in it. */
async function stopAll(): Promise<void> {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
  for (const { portal, secrets } of portals.splice(0)) {
    const log = portal.log
      .map(({ message, details }) => `${message} ${details}`)
      .join('\n');
    expect(secrets.filter(secret => log.includes(secret))).toEqual([]);
    // Tokens of installations and of apps.
    expect(log).not.toMatch(/ghs_[0-9a-f]{20}|eyJ[\w-]{10,}\.[\w-]{10,}/);
  }
}

const files = { 'catalog-info.yaml': 'kind: Component' };
const providerName = 'github-provider:default';
const scanned = 'Scanned';
const scanFailed = 'The scan failed';
const kept = 'are kept, since GitHub did not tell';

const isQuery = ({ path }: GithubRequestInfo) => path.endsWith('/graphql');
const isListing = (request: GithubRequestInfo) =>
  isQuery(request) && request.body.includes('repositoryOwner');
const isLaterPage = (request: GithubRequestInfo) =>
  isListing(request) && !request.body.includes('"after":null');

/** A GitHub on which `acme` and others have repositories, and portals that follow it with the same databases. */
async function start(
  id: TestDatabaseId,
  options: {
    organizations?: string[];
    /** Full names. */
    repositories?: string[];
    /** What is below `catalog.providers.github`; one of `acme` unless given. */
    makeProvider?: (common: JsonObject, appId: number) => JsonObject;
    /** For one answer of GitHub. */
    timeLimitMs?: number;
    /** Whether another portal goes on with the schedule of the first. */
    isResumed?: boolean;
  } = {},
) {
  const {
    organizations = ['acme'],
    repositories = ['acme/a-docs', 'acme/a-shop', 'acme/a-site'],
    makeProvider = common => ({ ...common, organization: 'acme' }),
    timeLimitMs,
    isResumed = false,
  } = options;
  const clock = new GithubClock();
  const model = new GithubModel({ now: clock.now });
  const started = await startGithub({ model, organizations });
  const { github, host, config, appId, sendWebhooksTo } = started;
  running.push(github);
  for (const fullName of repositories) {
    const [owner, name] = fullName.split('/');
    model.repositories.create({ owner, name, files, visibility: 'private' });
    clock.pass(1_000);
  }
  const stores = {
    catalog: await databases.open(id),
    events: await databases.open(id),
  };
  const common = {
    host,
    schedule: {
      frequency: { hours: 24 },
      timeout: { minutes: 5 },
      // One for all processes looks every five seconds whether it is to run.
      scope: isResumed ? 'global' : 'local',
    },
  };
  const startPortal = async (
    changes: JsonObject = {},
    more: Partial<Parameters<typeof FollowedPortal.start>[0]> = {},
  ) => {
    const portal = await FollowedPortal.start({
      databases: stores,
      config,
      provider: { ...makeProvider(common, appId), ...changes },
      // What the provider tells is compared, and not what is read at the locations.
      catalog: { processingInterval: false },
      features: [
        createServiceFactory({
          service: githubServiceRef,
          deps: {
            config: coreServices.rootConfig,
            logger: coreServices.rootLogger,
          },
          factory: deps => new GithubService({ ...deps, timeLimitMs }),
        }),
      ],
      ...more,
    });
    running.push(portal);
    const key = JSON.stringify(config).match(/[\w+/]{60,}/g) ?? [];
    portals.push({ portal, secrets: [...key, 'It is a secret to everybody'] });
    sendWebhooksTo(portal.webhookUrl);
    return portal;
  };
  const stopNewest = async () => {
    await running.pop()?.stop();
  };
  const locate = (...fullNames: string[]) =>
    fullNames
      .map(name => `http://${host}/${name}/blob/main/catalog-info.yaml`)
      .sort();
  return {
    ...started,
    model,
    clock,
    stores,
    startPortal,
    stopNewest,
    locate,
  };
}

/** The same, with a portal that has scanned. */
async function startFollowing(...parameters: Parameters<typeof start>) {
  const started = await start(...parameters);
  const portal = await started.startPortal();
  await waitFor(() => portal.countLog(scanned) > 0);
  const settle = async () => {
    await started.github.settleWebhooks();
    await portal.settle();
  };
  const scan = async () => {
    const before = portal.countLog(scanned);
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanned) > before);
    await portal.settle();
  };
  return { ...started, portal, settle, scan };
}

const hasLogged = ({ log }: FollowedPortal, part: string) =>
  log.some(line => `${line.message} ${line.details}`.includes(part));

/** Takes a repository away, adds one and renames one: each needs a question. */
function change({ repositories }: GithubModel, prefix: string = 'a'): void {
  repositories.archive(`acme/${prefix}-docs`);
  repositories.create({
    owner: 'acme',
    name: `${prefix}-new`,
    files,
    visibility: 'private',
  });
  repositories.rename(`acme/${prefix}-site`, `${prefix}-page`);
}

interface Fault {
  name: string;
  begin(
    github: GithubServer,
    clock: GithubClock,
    matches: (request: GithubRequestInfo) => boolean,
  ): void;
  /** What the log says. */
  told: RegExp;
  /** Whether it ends by itself after two seconds or so. */
  isShort?: boolean;
}

const fail =
  (failure: GithubFailure): Fault['begin'] =>
  ({ faults }, _, matches) =>
    faults.failRequests(failure, { times: Infinity, matches });

const faults: Fault[] = [
  {
    name: 'a secondary rate limit is met',
    begin: ({ faults: each }) => each.limitSecondary(2, 1),
    told: /secondary rate limit of GitHub .* is used up; GitHub is not asked for 1 s/,
    isShort: true,
  },
  {
    name: 'the primary rate limit is used up',
    // An hour is left, less what has passed.
    begin: (github, clock) =>
      clock.doAt(-3_598_000, () => github.faults.useUpRateLimit('graphql')),
    told: /primary rate limit of GitHub .* is used up; GitHub is not asked for [123] s/,
    isShort: true,
  },
  {
    name: 'GitHub answers 502',
    begin: fail('bad gateway'),
    told: /GitHub answered 502 to POST/,
  },
  {
    name: 'GitHub does not answer in time',
    begin: fail('timeout'),
    told: /GitHub did not answer POST .* within 1000 ms/,
  },
  {
    name: 'answers end in their middle',
    begin: fail('cut'),
    told: /GitHub gave no whole answer/,
  },
  {
    name: 'GitHub is interrupted while it answers',
    begin: fail('interrupted'),
    told: /GitHub could not answer the query: Something went wrong/,
  },
  {
    name: 'GitHub is down',
    begin: ({ faults: each }) => each.startOutage(),
    told: /GitHub answered 503/,
  },
];

describe.each(oneDatabase)('nothing is lost on %s', id => {
  let started: Awaited<ReturnType<typeof startFollowing>>;
  beforeAll(async () => {
    started = await startFollowing(id, {
      makeProvider: common => ({
        ...common,
        organization: 'acme',
        pageSizes: { repositories: 10 },
      }),
      timeLimitMs: 1_000,
    });
  });
  afterAll(stopAll);

  /** Three repositories for one test, which are followed. */
  const prepare = async (prefix: string) => {
    const { model, portal, settle, locate } = started;
    const names = (...ends: string[]) =>
      locate(...ends.map(end => `acme/${prefix}-${end}`));
    for (const name of ['docs', 'shop', 'site']) {
      model.repositories.create({
        owner: 'acme',
        name: `${prefix}-${name}`,
        files,
        visibility: 'private',
      });
    }
    await settle();
    const logged = portal.log.length;
    return {
      names,
      readOwn: async () =>
        (await portal.readTargets()).filter(url => url.includes(prefix)),
      readLog: () => portal.log.slice(logged).map(({ message }) => message),
    };
  };

  it.each(faults)('while hints wait and $name', async fault => {
    const { github, model, clock, portal, settle } = started;
    const { names, readOwn, readLog } = await prepare(
      `hints-${faults.indexOf(fault)}`,
    );
    const before = names('docs', 'shop', 'site');
    expect(await readOwn()).toEqual(before);

    change(model, `hints-${faults.indexOf(fault)}`);
    fault.begin(github, clock, isQuery);
    await waitFor(() => readLog().some(line => line.includes(kept)));
    expect(await readOwn()).toEqual(before);
    expect(readLog().join('\n')).toMatch(fault.told);
    expect(await portal.countPendingHints()).toBeGreaterThan(0);

    if (!fault.isShort) {
      github.faults.clear();
    }
    await settle();
    expect(await readOwn()).toEqual(names('new', 'page', 'shop'));
    expect(readLog().filter(line => line.startsWith(scanned))).toEqual([]);
  });

  it.each(faults)('while a scan runs and $name', async fault => {
    const { github, model, clock, portal } = started;
    const prefix = `scan-${faults.indexOf(fault)}`;
    const { names, readOwn, readLog } = await prepare(prefix);
    github.faults.disturbWebhooks({ lose: 1 });
    change(model, prefix);

    // The first page comes, and those after it do not.
    let isBegun = false;
    github.faults.failRequests('bad gateway', {
      matches: request => {
        if (!isBegun && isListing(request)) {
          isBegun = true;
          fault.begin(github, clock, isQuery);
        }
        return false;
      },
    });
    await portal.triggerScan(providerName);
    await waitFor(() =>
      readLog().some(line => line.startsWith('The scan waits for')),
    );
    expect(readLog().join('\n')).toMatch(fault.told);
    // What was seen is applied, and nothing is dropped for what was not.
    const during = await readOwn();
    expect(during).toEqual(expect.arrayContaining(names('shop')));
    expect(during.length).toBeGreaterThanOrEqual(2);

    if (!fault.isShort) {
      github.faults.clear();
    }
    await waitFor(() => readLog().some(line => line.startsWith(scanned)));
    await portal.settle();
    github.faults.clear();
    expect(readLog().filter(line => line.startsWith(scanFailed))).toEqual([]);
    expect(await readOwn()).toEqual(names('new', 'page', 'shop'));
  });
});

describe.each(oneDatabase)('installations of the app on %s', id => {
  afterEach(stopAll);

  const findInstallation = ({ state }: GithubModel, login: string) => {
    const { id: accountId } = state.getAccount(login);
    const found = [...state.installations.values()].find(
      installation => installation.accountId === accountId,
    );
    if (!found) {
      throw new Error(`The app is not installed on ${login}`);
    }
    return found;
  };

  /** The app was uninstalled, while something happens. */
  const startRevoked = async () => {
    const following = await startFollowing(id);
    const { github, model, portal } = following;
    const before = await portal.readTargets();
    model.installations.delete(findInstallation(model, 'acme').id);
    await github.settleWebhooks();
    await waitFor(() => hasLogged(portal, kept));
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanFailed) > 0);
    change(model);
    return { ...following, before };
  };

  it('that are revoked take nothing from an organization that the configuration names', async () => {
    const { portal, before } = await startRevoked();
    expect(await portal.readTargets()).toEqual(before);
    expect(hasLogged(portal, 'There are no credentials of acme')).toBe(true);
    expect(hasLogged(portal, 'nothing was removed for that')).toBe(true);
    expect(await portal.countPendingHints()).toBe(3);
  });

  // Backstage looks for installations once a minute.
  itAtFullSize(
    'that are made anew are found, and what happened meanwhile is followed',
    async () => {
      const { model, portal, appId, github, locate } = await startRevoked();
      model.installations.create({ appId, account: 'acme' });
      await github.settleWebhooks();
      await portal.settle(150_000);
      expect(await portal.readTargets()).toEqual(
        locate('acme/a-new', 'acme/a-page', 'acme/a-shop'),
      );
    },
    180_000,
  );

  it('that are revoked take everything that was followed for them, and nothing else', async () => {
    const { model, portal, appId, settle, locate } = await startFollowing(
      id,
      byApp,
    );
    expect(await portal.readTargets()).toHaveLength(4);
    model.installations.delete(findInstallation(model, 'acme').id);
    await settle();
    expect(await portal.readTargets()).toEqual(locate('globex/site'));
    model.installations.create({ appId, account: 'acme' });
    await settle();
    expect(await portal.readTargets()).toHaveLength(4);
  });

  it('that are suspended take nothing, and what waits is followed at the end of that', async () => {
    const { github, model, portal, settle, scan, locate } =
      await startFollowing(id);
    const before = await portal.readTargets();
    github.faults.failRequests('bad gateway', {
      times: Infinity,
      matches: isQuery,
    });
    change(model);
    await waitFor(() => hasLogged(portal, kept));
    model.installations.suspend(findInstallation(model, 'acme').id);
    github.faults.clear();
    await waitFor(() =>
      portal.log.some(({ message }) =>
        /credentials|answered 403/.test(message),
      ),
    );
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanFailed) > 0);
    expect(await portal.readTargets()).toEqual(before);
    expect(hasLogged(portal, 'suspended')).toBe(true);

    model.installations.unsuspend(findInstallation(model, 'acme').id);
    await settle();
    const after = locate('acme/a-new', 'acme/a-page', 'acme/a-shop');
    expect(await portal.readTargets()).toEqual(after);
    await scan();
    expect(await portal.readTargets()).toEqual(after);
  });

  it('that are suspended keep nobody from scanning the others', async () => {
    const { github, model, portal, scan, locate } = await startFollowing(
      id,
      byApp,
    );
    github.faults.disturbWebhooks({ lose: 1 });
    model.installations.suspend(findInstallation(model, 'acme').id);
    model.repositories.rename('globex/site', 'page');
    await scan();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-shop', 'acme/a-site', 'globex/page'),
    );
  });
});

describe.each(oneDatabase)('on %s', id => {
  afterEach(stopAll);

  it('a repository that was transferred out is gone, when its new owner has the app', async () => {
    const { model, portal, settle, locate } = await startFollowing(id, {
      organizations: ['acme', 'globex'],
    });
    model.repositories.setVisibility('acme/a-docs', 'public');
    model.repositories.transfer('acme/a-docs', 'globex');
    model.repositories.transfer('acme/a-site', 'globex');
    await settle();
    expect(await portal.readTargets()).toEqual(locate('acme/a-shop'));
    expect(portal.countLog(scanned)).toBe(1);
  });

  it('a repository that was transferred out is gone after the next scan, when its new owner has not', async () => {
    const { model, portal, settle, scan, locate } = await startFollowing(id);
    model.addOrganization('globex');
    model.repositories.setVisibility('acme/a-docs', 'public');
    await settle();
    model.repositories.transfer('acme/a-docs', 'globex');
    model.repositories.transfer('acme/a-site', 'globex');
    await settle();
    expect(await portal.readTargets()).toHaveLength(3);
    await scan();
    expect(await portal.readTargets()).toEqual(locate('acme/a-shop'));
  });

  it('a repository is followed that was made anew under the name of one that was deleted', async () => {
    const { github, model, portal, settle, locate } = await startFollowing(id);
    const before = await portal.readTargets();
    model.repositories.delete('acme/a-site');
    model.repositories.create({ owner: 'acme', name: 'a-site', files });
    await settle();
    expect(await portal.readTargets()).toEqual(before);
    // Also when the deletion is told last.
    github.faults.disturbWebhooks({ lose: 1 });
    model.repositories.delete('acme/a-site');
    github.faults.disturbWebhooks({});
    model.repositories.create({ owner: 'acme', name: 'a-site', files });
    await settle();
    expect(await portal.readTargets()).toEqual(before);
    model.repositories.delete('acme/a-site');
    await settle();
    // The one whose end was lost is still believed to be there, until a scan.
    expect(await portal.readTargets()).toEqual(before);
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanned) > 1);
    await portal.settle();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-shop'),
    );
  });

  it('a name goes from one repository to another', async () => {
    const { model, portal, settle, locate } = await startFollowing(id);
    model.repositories.rename('acme/a-docs', 'b-docs');
    model.repositories.rename('acme/a-site', 'a-docs');
    await settle();
    const after = locate('acme/a-docs', 'acme/a-shop', 'acme/b-docs');
    expect(await portal.readTargets()).toEqual(after);
    // One after the other, the second of them first.
    model.repositories.rename('acme/a-shop', 'free');
    model.repositories.rename('acme/a-docs', 'a-shop');
    model.repositories.rename('acme/free', 'a-docs');
    await settle();
    expect(await portal.readTargets()).toEqual(after);
  });

  it.each<
    [string, (model: GithubModel) => unknown, string[], Partial<JsonObject>?]
  >([
    [
      'created',
      ({ repositories }) =>
        repositories.create({ owner: 'acme', name: 'new', files }),
      ['acme/a-docs', 'acme/a-shop', 'acme/a-site', 'acme/new'],
    ],
    [
      'renamed',
      ({ repositories }) => repositories.rename('acme/a-site', 'a-page'),
      ['acme/a-docs', 'acme/a-page', 'acme/a-shop'],
    ],
    [
      'deleted',
      ({ repositories }) => repositories.delete('acme/a-site'),
      ['acme/a-docs', 'acme/a-shop'],
    ],
    [
      'pushed to',
      ({ branches }) =>
        branches.push('acme/a-site', {
          commits: [{ files: { 'catalog-info.yaml': null, a: 'a' } }],
        }),
      ['acme/a-docs', 'acme/a-shop'],
      { validateLocationsExist: true },
    ],
  ])(
    'a repository is followed that was %s, although what GitHub shows lags behind its webhooks',
    async (_, operate, after, settings = {}) => {
      const { github, model, portal, clock, settle, locate } =
        await startFollowing(id, {
          makeProvider: common => ({
            ...common,
            organization: 'acme',
            ...settings,
          }),
        });
      clock.pass(1_000);
      github.faults.lagReads({ ms: 2_500 });
      operate(model);
      await settle();
      expect(await portal.readTargets()).toEqual(locate(...after));
      expect(portal.countLog(scanned)).toBe(1);
    },
  );

  it('repositories are followed, although what GitHub shows lags behind after it was down', async () => {
    const { github, model, portal, settle, locate } = await startFollowing(id);
    // The first two answers are of now, and before them there is none for seven seconds.
    github.faults.lagReads({ reads: 2 });
    github.faults.failRequests('bad gateway', { times: 9, matches: isQuery });
    model.repositories.create({ owner: 'acme', name: 'new', files });
    model.repositories.delete('acme/a-docs');
    await settle();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-shop', 'acme/a-site', 'acme/new'),
    );
  });

  it('what happened while a full scan was under way is seen by the next one, however long that took', async () => {
    const { github, model, clock, startPortal, locate } = await start(id, {
      makeProvider: common => ({
        ...common,
        organization: 'acme',
        pageSizes: { repositories: 1 },
      }),
    });
    let isBegun = false;
    github.faults.failRequests('bad gateway', {
      matches: request => {
        if (!isBegun && isLaterPage(request)) {
          isBegun = true;
          // It was on the page before, and two others change later.
          model.repositories.archive('acme/a-docs');
          clock.pass(2 * 60_000);
          model.repositories.edit('acme/a-shop', { topics: ['web'] });
          clock.pass(3 * 60_000);
          model.repositories.rename('acme/a-site', 'a-page');
        }
        return false;
      },
    });
    github.faults.disturbWebhooks({ lose: 1 });
    const portal = await startPortal();
    await waitFor(() => portal.countLog(scanned) > 0);
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-page', 'acme/a-shop'),
    );
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanned) > 1);
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-page', 'acme/a-shop'),
    );
  });

  it('a listing that fails in its middle takes nothing, and the next scan goes on', async () => {
    const { github, model, portal, scan, locate } = await startFollowing(id, {
      makeProvider: common => ({
        ...common,
        organization: 'acme',
        pageSizes: { repositories: 1 },
        fullScanFrequency: { seconds: 0 },
      }),
    });
    const before = await portal.readTargets();
    github.faults.disturbWebhooks({ lose: 1 });
    model.repositories.delete('acme/a-site');
    github.faults.failRequests('not found', {
      times: Infinity,
      matches: isLaterPage,
    });
    await portal.triggerScan(providerName);
    await waitFor(() => portal.countLog(scanFailed) > 0);
    expect(hasLogged(portal, 'nothing was removed for that')).toBe(true);
    await portal.settle();
    expect(await portal.readTargets()).toEqual(before);

    github.faults.clear();
    await scan();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-shop'),
    );
  });

  it('providers of different organizations keep to their own', async () => {
    const { github, model, settle, portal, locate } = await startFollowing(id, {
      organizations: ['acme', 'globex'],
      repositories: ['acme/docs', 'globex/docs', 'globex/shop'],
      makeProvider: common => ({
        first: { ...common, organization: 'acme' },
        second: { ...common, organization: 'globex' },
      }),
    });
    await waitFor(() => portal.countLog(scanned) === 2);
    const readBoth = async () => [
      await portal.readTargets('github-provider:first'),
      await portal.readTargets('github-provider:second'),
    ];
    expect(await readBoth()).toEqual([
      locate('acme/docs'),
      locate('globex/docs', 'globex/shop'),
    ]);
    model.repositories.rename('acme/docs', 'page');
    model.repositories.archive('globex/docs');
    model.repositories.transfer('globex/shop', 'acme');
    await settle();
    expect(await readBoth()).toEqual([locate('acme/page', 'acme/shop'), []]);

    // What goes wrong with one does not hinder the other.
    github.faults.failRequests('not found', {
      times: Infinity,
      matches: request => isListing(request) && request.body.includes('globex'),
    });
    github.faults.disturbWebhooks({ lose: 1 });
    model.repositories.rename('acme/page', 'pages');
    await portal.triggerScan('github-provider:first');
    await portal.triggerScan('github-provider:second');
    await waitFor(() => portal.countLog(scanFailed) > 0);
    await waitFor(() => portal.countLog(scanned) === 3);
    await portal.settle();
    expect(await readBoth()).toEqual([locate('acme/pages', 'acme/shop'), []]);
  });
});

describe.each(databases.ids)('what was begun on %s', id => {
  afterEach(stopAll);

  it('is gone on with by the next portal: hints that waited when the last one stopped', async () => {
    const { github, model, portal, startPortal, stopNewest, locate } =
      await startFollowing(id, { isResumed: true });
    github.faults.failRequests('bad gateway', {
      times: Infinity,
      matches: isQuery,
    });
    change(model);
    await waitFor(() => hasLogged(portal, kept));
    await github.settleWebhooks();
    await waitFor(async () => (await portal.countPendingHints()) >= 3);
    await stopNewest();
    github.faults.clear();

    const next = await startPortal();
    await next.settle();
    expect(await next.readTargets()).toEqual(
      locate('acme/a-new', 'acme/a-page', 'acme/a-shop'),
    );
    expect(next.countLog(scanned)).toBe(0);
  });

  it('is scanned at once when filters have changed since, and added and dropped accordingly', async () => {
    const { model, portal, settle, startPortal, stopNewest, locate } =
      await startFollowing(id, { isResumed: true });
    model.repositories.archive('acme/a-docs');
    model.repositories.edit('acme/a-site', { topics: ['web'] });
    await settle();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-shop', 'acme/a-site'),
    );
    await stopNewest();

    const next = await startPortal({
      filters: { allowArchived: true, topic: { exclude: ['web'] } },
    });
    await waitFor(() => next.countLog(scanned) > 0);
    await next.settle();
    expect(await next.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-shop'),
    );
    expect(next.countLog('The configuration has changed')).toBe(1);
    await stopNewest();

    const last = await startPortal({
      filters: { allowArchived: true, topic: { exclude: ['web'] } },
    });
    expect(last.countLog('The configuration has changed')).toBe(0);
    expect(await last.readTargets()).toEqual(
      locate('acme/a-docs', 'acme/a-shop'),
    );
  });

  it('is dropped when the organization of the settings is another', async () => {
    const { startPortal, stopNewest, locate } = await startFollowing(id, {
      organizations: ['acme', 'globex'],
      repositories: ['acme/a-docs', 'acme/a-shop', 'globex/site'],
      isResumed: true,
    });
    await stopNewest();
    const next = await startPortal({ organization: 'globex' });
    await waitFor(() => next.countLog(scanned) > 0);
    await next.settle();
    expect(await next.readTargets()).toEqual(locate('globex/site'));
  });

  it('is cleared of what the stock provider of the same name has left', async () => {
    const { model, startPortal, stopNewest, locate } = await start(id, {
      isResumed: true,
    });
    const stock = await startPortal({}, { module: stockModule });
    await waitFor(async () => (await stock.readTargets()).length === 3);
    await stopNewest();
    model.repositories.delete('acme/a-docs');
    model.repositories.rename('acme/a-site', 'a-page');

    const portal = await startPortal();
    await waitFor(() => portal.countLog(scanned) > 0);
    await portal.settle();
    expect(await portal.readTargets()).toEqual(
      locate('acme/a-page', 'acme/a-shop'),
    );
  });
});
