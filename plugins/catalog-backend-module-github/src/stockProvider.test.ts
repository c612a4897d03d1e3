import stockModuleGithub from '@backstage/plugin-catalog-backend-module-github';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { FollowedPortal, waitFor } from './__testUtils__/FollowedPortal';
import { startGithub } from './__testUtils__/startGithub';

jest.setTimeout(60_000);

const databases = createTestDatabases();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
});

const provider = 'github-provider:default';

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

describe.each(databases.ids)(
  'the stock provider on the events service of Callboard, on %s',
  id => {
    /** A portal with the stock provider in the place of ours, which has scanned the repository `acme/site`. */
    async function start() {
      const started = await startGithub();
      running.push(started.github);
      const { github, host, config, sendWebhooksTo } = started;
      const { model } = github;
      const create = (name: string) =>
        model.repositories.create({
          owner: 'acme',
          name,
          files: { 'catalog-info.yaml': describeComponent(name, 'First') },
        });
      const locate = (name: string) =>
        `http://${host}/acme/${name}/blob/main/catalog-info.yaml`;
      create('site');
      const portal = await FollowedPortal.start({
        databases: {
          catalog: await databases.open(id),
          events: await databases.open(id),
        },
        config,
        module: stockModuleGithub,
        provider: {
          host,
          organization: 'acme',
          schedule: { frequency: { hours: 24 }, timeout: { minutes: 5 } },
        },
      });
      running.push(portal);
      sendWebhooksTo(portal.webhookUrl);
      const becomes = async (targets: string[]) =>
        waitFor(
          async () =>
            (await portal.readTargets()).join() === targets.sort().join(),
        );
      const shows = async (name: string, description: string) =>
        waitFor(async () => {
          const [entity] = await portal.readEntities(
            `kind=component,metadata.name=${name}`,
          );
          return entity?.metadata.description === description;
        });
      await becomes([locate('site')]);
      await shows('site', 'First');
      return { github, model, portal, create, locate, becomes, shows };
    }

    it('has the catalog show what a push changed', async () => {
      const { github, model, shows } = await start();
      model.branches.push('acme/site', {
        commits: [
          {
            files: { 'catalog-info.yaml': describeComponent('site', 'Second') },
          },
        ],
      });
      await shows('site', 'Second');
      const [delivery] = github.deliveries.list();
      expect(delivery).toMatchObject({ event: 'push', statusCode: 202 });
    });

    it('follows a file that a push adds and another removes', async () => {
      const { model, create, locate, becomes, shows } = await start();
      // It is told of by its first push: the stock provider makes nothing of a creation.
      create('new');
      await becomes([locate('new'), locate('site')]);
      await shows('new', 'First');
      model.branches.push('acme/new', {
        commits: [{ files: { 'catalog-info.yaml': null, other: '' } }],
      });
      await becomes([locate('site')]);
    });

    it('drops a repository when it is archived, and takes it again afterwards', async () => {
      const { model, locate, becomes } = await start();
      model.repositories.archive('acme/site');
      await becomes([]);
      model.repositories.unarchive('acme/site');
      await becomes([locate('site')]);
    });

    it('follows a repository to its new name', async () => {
      const { model, locate, becomes } = await start();
      model.repositories.rename('acme/site', 'place');
      await becomes([locate('place')]);
    });

    it('finds by a scan what no webhook told of', async () => {
      const { github, model, portal, create, locate, becomes } = await start();
      github.faults.disturbWebhooks({ lose: 1 });
      create('unheard');
      model.repositories.archive('acme/site');
      await portal.triggerScan(provider);
      await becomes([locate('unheard')]);
    });
  },
);
