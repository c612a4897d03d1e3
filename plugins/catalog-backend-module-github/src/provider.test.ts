import {
  createTestDatabases,
  type GithubServer,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import { FollowedPortal, waitFor } from './__testUtils__/FollowedPortal';
import { startGithub } from './__testUtils__/startGithub';

jest.setTimeout(15_000);

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
  provider: JsonObject = {},
) {
  const started = await startGithub();
  running.push(started.github);
  const { model } = started.github;
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
    config: started.config,
    provider: {
      host: started.host,
      organization: 'acme',
      schedule: { frequency: { hours: 24 }, timeout: { minutes: 5 } },
      ...provider,
    },
  });
  running.push(portal);
  started.sendWebhooksTo(portal.webhookUrl);
  await waitFor(async () => (await portal.readTargets()).length > 0);
  await portal.settle();
  return { ...started, model, portal };
}

async function readDescription(portal: FollowedPortal, name: string) {
  const [entity] = await portal.readEntities(
    `kind=component,metadata.name=${name}`,
  );
  return entity?.metadata.description;
}

const settleAll = async (github: GithubServer, portal: FollowedPortal) => {
  await github.settleWebhooks();
  await portal.settle();
};

describe.each(databases.ids)('a catalog that follows GitHub on %s', id => {
  it('shows what a push changed, and asks GitHub for no repository for that', async () => {
    const { portal, model, github } = await startPortal(id);
    await waitFor(
      async () => (await readDescription(portal, 'site')) === 'First',
    );
    await new Promise(resolve => setTimeout(resolve, 1100));
    github.resetRequestCounts();
    const startMs = performance.now();
    model.branches.push('acme/site', {
      commits: [
        { files: { 'catalog-info.yaml': describeComponent('site', 'Second') } },
      ],
    });
    await waitFor(
      async () => (await readDescription(portal, 'site')) === 'Second',
    );
    console.log('took', performance.now() - startMs, github.requestCounts);
  });

  it('follows a repository from its creation over its renaming to its end', async () => {
    const { portal, model, github, host } = await startPortal(id);
    const site = `http://${host}/acme/site/blob/main/catalog-info.yaml`;
    model.repositories.create({
      owner: 'acme',
      name: 'new',
      files: { 'catalog-info.yaml': describeComponent('new', 'New') },
    });
    await settleAll(github, portal);
    expect(await portal.readTargets()).toEqual([
      `http://${host}/acme/new/blob/main/catalog-info.yaml`,
      site,
    ]);
    model.repositories.rename('acme/new', 'newer');
    await settleAll(github, portal);
    expect(await portal.readTargets()).toEqual([
      `http://${host}/acme/newer/blob/main/catalog-info.yaml`,
      site,
    ]);
    model.repositories.delete('acme/newer');
    await settleAll(github, portal);
    expect(await portal.readTargets()).toEqual([site]);
  });
});
