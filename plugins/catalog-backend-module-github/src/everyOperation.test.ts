import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import {
  operationKinds,
  RandomOperations,
  seedRepositories,
  servicesPattern,
  unwantedTopic,
  wantedTopic,
  type OperationKind,
} from './__testUtils__/operations';
import { FollowedPortal, waitFor } from './__testUtils__/FollowedPortal';
import { startGithub } from './__testUtils__/startGithub';

const isFullSize = process.env.FAULT_TESTS_SIZE === 'full';
const size = isFullSize
  ? { repositories: 1_000, operations: 5_000, limitMs: 1_800_000 }
  : { repositories: 60, operations: 400, limitMs: 30_000 };
const seed = Number(process.env.SEED ?? 20_261_126);

jest.setTimeout(4 * size.limitMs);

const databases = createTestDatabases();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
});

/** Providers that tell of different locations: an entity of the catalog has one provider. */
function makeProviders(
  kind: 'by owners' | 'by an app',
  host: string,
  appId: number,
): JsonObject {
  const common = {
    host,
    schedule: { frequency: { hours: 24 }, timeout: { minutes: 30 } },
  };
  if (kind === 'by an app') {
    return {
      everybody: {
        ...common,
        app: appId,
        validateLocationsExist: true,
        filters: { branch: 'main' },
      },
    };
  }
  return {
    validated: {
      ...common,
      organization: 'acme',
      validateLocationsExist: true,
      filters: { allowForks: false, allowArchived: true },
    },
    services: {
      ...common,
      organization: 'acme',
      catalogPath: `/${servicesPattern}`,
      filters: { topic: { include: [wantedTopic], exclude: [unwantedTopic] } },
    },
    named: {
      ...common,
      organization: 'globex',
      filters: { repository: '.*[13579]', visibility: ['public', 'internal'] },
    },
    person: { ...common, organization: 'ada' },
  };
}

const cases = [
  ...databases.ids.map(id => ({ id, kind: 'by owners' as const })),
  ...databases.ids.slice(-1).map(id => ({ id, kind: 'by an app' as const })),
];

describe.each(cases)(
  'after any operations, the catalog on $id that follows $kind',
  ({ id, kind }) => {
    const start = async (kinds: readonly OperationKind[]) => {
      const started = await startGithub({
        organizations: ['acme', 'globex'],
        users: ['ada'],
        rateLimits: { core: 1_000_000, graphql: 1_000_000 },
      });
      running.push(started.github);
      const { github, host, appId, config, sendWebhooksTo } = started;
      const { model } = github;
      model.addOrganization('elsewhere');
      if (kind === 'by owners') {
        // So GitHub tells of what is transferred there.
        model.installations.create({ appId, account: 'elsewhere' });
      }
      const { repositories } = size;
      seedRepositories(model, {
        owner: 'acme',
        count: Math.ceil(repositories * 0.7),
      });
      seedRepositories(model, {
        owner: 'globex',
        count: Math.ceil(repositories * 0.2),
      });
      seedRepositories(model, {
        owner: 'ada',
        count: Math.ceil(repositories * 0.1),
      });
      const providers = makeProviders(kind, host, appId);
      const names = Object.keys(providers).map(
        each => `github-provider:${each}`,
      );
      const startPortal = async () => {
        const portal = await FollowedPortal.start({
          config,
          provider: providers,
          databases: {
            catalog: await databases.open(id),
            events: await databases.open(id),
          },
          // What providers tell is compared, and not what is read at the locations.
          catalog: { processingInterval: false },
        });
        running.push(portal);
        await waitFor(
          () => portal.countLog('Scanned') >= names.length,
          size.limitMs,
        );
        await portal.settle(size.limitMs);
        return portal;
      };
      const portal = await startPortal();
      sendWebhooksTo(portal.webhookUrl);
      const operations = new RandomOperations({
        model,
        seed,
        owners: ['acme', 'globex', 'ada'],
        elsewhere: 'elsewhere',
        kinds,
      });
      const done: string[] = [];
      const operate = async () => {
        for (let count = 0; count < size.operations; count++) {
          done.push(operations.perform());
          if (count % 20 === 0) {
            await new Promise(resolve => setImmediate(resolve));
          }
        }
        github.faults.releaseWebhooks();
        await github.settleWebhooks();
        await portal.settle(size.limitMs);
        await portal.letCheckTimePass();
        await portal.settle(size.limitMs);
      };
      const readAll = async (from: FollowedPortal) =>
        Object.fromEntries(
          await Promise.all(
            names.map(async name => [name, await from.readTargets(name)]),
          ),
        );
      const stopNewest = async () => running.pop()?.stop();
      return {
        github,
        portal,
        operate,
        readAll,
        startPortal,
        stopNewest,
        names,
      };
    };

    it('is as a full scan of a new one gives, when webhooks come repeated and out of order', async () => {
      const { github, portal, operate, readAll, startPortal } = await start(
        // Of a transfer to somebody without the app nobody is told; only a scan sees it.
        operationKinds.filter(
          ({ name }) => kind === 'by owners' || name !== 'transfer out',
        ),
      );
      github.faults.disturbWebhooks({ repeat: 0.1, shuffle: 20 });
      github.resetRequestCounts();
      await operate();
      console.log(
        `${size.operations} operations: ${github.requestCounts.requests} requests`,
      );
      const followed = await readAll(portal);
      expect(followed).toEqual(await readAll(await startPortal()));
    });

    it('is so after one scan, when a tenth of the webhooks is lost', async () => {
      const { github, portal, operate, readAll, startPortal, names } =
        await start(operationKinds);
      github.faults.disturbWebhooks({ lose: 0.1, repeat: 0.1, shuffle: 20 });
      await operate();
      const before = portal.countLog('Scanned');
      await Promise.all(names.map(name => portal.triggerScan(name)));
      await waitFor(
        () => portal.countLog('Scanned') >= before + names.length,
        size.limitMs,
      );
      await portal.settle(size.limitMs);
      const followed = await readAll(portal);
      expect(followed).toEqual(await readAll(await startPortal()));
    });
  },
);
