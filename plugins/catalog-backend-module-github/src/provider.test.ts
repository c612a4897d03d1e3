import type { JsonObject } from '@backstage/types';
import {
  createTestDatabases,
  GithubModel,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { FollowedPortal, waitFor } from './__testUtils__/FollowedPortal';
import { GithubClock } from './__testUtils__/GithubClock';
import { startGithub } from './__testUtils__/startGithub';

jest.setTimeout(60_000);

const databases = createTestDatabases();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
});

const describeComponent = (name: string, description: string) => `
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  description: ${description}
spec:
  type: service
  lifecycle: production
  owner: guests
`;

/** A portal that follows the organization `acme`, with one repository. */
async function startPortal(
  databaseId: (typeof databases.ids)[number],
  {
    provider = {},
    isRead = true,
  }: {
    provider?: JsonObject;
    /** Whether the catalog reads what is at the locations. */
    isRead?: boolean;
  } = {},
) {
  const clock = new GithubClock();
  const model = new GithubModel({ now: clock.now });
  const { github, host, config, sendWebhooksTo } = await startGithub({ model });
  running.push(github);
  model.repositories.create({
    owner: 'acme',
    name: 'site',
    files: { 'catalog-info.yaml': describeComponent('site', 'First') },
  });
  const portal = await FollowedPortal.start({
    databases: {
      catalog: await databases.open(databaseId),
      events: await databases.open(databaseId),
    },
    config,
    provider: {
      host,
      organization: 'acme',
      schedule: { frequency: { hours: 24 }, timeout: { minutes: 5 } },
      ...provider,
    },
    ...(!isRead && { catalog: { processingInterval: false } }),
  });
  running.push(portal);
  sendWebhooksTo(portal.webhookUrl);
  await waitFor(() => portal.countLog('Scanned') > 0);
  const push = (files: Record<string, string | null>) => {
    // Else nobody could tell that it was after what is known.
    clock.pass(1_000);
    model.branches.push('acme/site', { commits: [{ files }] });
  };
  const settle = async () => {
    await github.settleWebhooks();
    await portal.settle();
  };
  const readDescription = async (name: string) => {
    const [entity] = await portal.readEntities(
      `kind=component,metadata.name=${name}`,
    );
    return entity?.metadata.description;
  };
  const locate = (name: string, path = 'catalog-info.yaml') =>
    `http://${host}/acme/${name}/blob/main/${path}`;
  return {
    github,
    model,
    portal,
    push,
    settle,
    readDescription,
    locate,
  };
}

describe.each(databases.ids)('a catalog that follows GitHub on %s', id => {
  it('shows what a push changed, and asks GitHub for no repository for that', async () => {
    const { github, push, readDescription } = await startPortal(id);
    await waitFor(async () => (await readDescription('site')) === 'First');
    github.resetRequestCounts();
    push({ 'catalog-info.yaml': describeComponent('site', 'Second') });
    await waitFor(async () => (await readDescription('site')) === 'Second');
    expect(github.requestCounts.byKind).not.toHaveProperty('POST /graphql');
  });

  it('shows what a push changed in a file that the catalog file leads to', async () => {
    const { push, readDescription } = await startPortal(id);
    push({
      'other.yaml': describeComponent('other', 'First'),
      'catalog-info.yaml': `
apiVersion: backstage.io/v1alpha1
kind: Location
metadata:
  name: others
spec:
  targets: [./other.yaml]
`,
    });
    await waitFor(async () => (await readDescription('other')) === 'First');
    push({ 'other.yaml': describeComponent('other', 'Second') });
    await waitFor(async () => (await readDescription('other')) === 'Second');
  });

  it('follows a repository from its creation over its renaming to its end', async () => {
    const { portal, model, settle, locate } = await startPortal(id, {
      isRead: false,
    });
    model.repositories.create({
      owner: 'acme',
      name: 'new',
      files: { 'catalog-info.yaml': describeComponent('new', 'New') },
    });
    await settle();
    expect(await portal.readTargets()).toEqual([locate('new'), locate('site')]);
    model.repositories.rename('acme/new', 'newer');
    await settle();
    expect(await portal.readTargets()).toEqual([
      locate('newer'),
      locate('site'),
    ]);
    model.repositories.delete('acme/newer');
    await settle();
    expect(await portal.readTargets()).toEqual([locate('site')]);
  });

  it('drops a file that became empty, and takes it again when it is not, where files are looked at', async () => {
    const { portal, push, settle, locate } = await startPortal(id, {
      provider: { validateLocationsExist: true },
      isRead: false,
    });
    expect(await portal.readTargets()).toEqual([locate('site')]);
    push({ 'catalog-info.yaml': '' });
    await settle();
    // GitHub is not asked for that, until it is asked anyway or some time has passed.
    expect(await portal.readTargets()).toEqual([locate('site')]);
    await portal.letCheckTimePass();
    await settle();
    expect(await portal.readTargets()).toEqual([]);
    push({ 'catalog-info.yaml': describeComponent('site', 'Again') });
    await settle();
    expect(await portal.readTargets()).toEqual([locate('site')]);
  });
});
