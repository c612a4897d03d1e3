import {
  createTestDatabases,
  type GithubModel,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import {
  FollowedPortal,
  waitFor,
  webhookSecret,
} from './__testUtils__/FollowedPortal';
import { PortalDoor } from './__testUtils__/PortalDoor';
import { startGithub } from './__testUtils__/startGithub';

jest.setTimeout(180_000);

const databases = createTestDatabases();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
});

const missed = 200;
const files = { 'catalog-info.yaml': 'kind: Component' };

/** Does so many things of which each is told with one webhook, and which all change what the catalog is to hold. */
function miss(model: GithubModel, count: number): void {
  for (let number = 0; number < count; number++) {
    const name = `site-${number}`;
    switch (number % 4) {
      case 0:
        model.repositories.rename(`acme/${name}`, `renamed-${number}`);
        break;
      case 1:
        model.repositories.archive(`acme/${name}`);
        break;
      case 2:
        model.repositories.delete(`acme/${name}`);
        break;
      default:
        model.branches.push(`acme/${name}`, {
          commits: [{ files: { 'catalog-info.yaml': null, other: '' } }],
        });
    }
  }
}

// One database is enough: what is stored, and how, is tested elsewhere.
describe.each(databases.ids.slice(-1))('a portal that was down, on %s', id => {
  async function start() {
    const started = await startGithub();
    running.push(started.github);
    const { github, host, config, sendWebhooksTo } = started;
    const { model } = github;
    // Of what was there before, the delivery log knows nothing.
    github.faults.disturbWebhooks({ lose: 1 });
    for (let number = 0; number < missed; number++) {
      model.repositories.create({
        owner: 'acme',
        name: `site-${number}`,
        files,
      });
    }
    github.faults.disturbWebhooks({});
    const door = new PortalDoor();
    const url = await door.start();
    running.push(door);
    // The door is at another port than the portal.
    const webhookUrl = `${url}/api/events/http/github`;
    sendWebhooksTo(webhookUrl);
    const stores = {
      catalog: await databases.open(id),
      events: await databases.open(id),
    };
    const startPortal = async () => {
      const portal = await FollowedPortal.start({
        config: {
          ...config,
          events: {
            modules: {
              github: {
                webhookSecret,
                // What is younger than half a minute is left to the next turn.
                recovery: { frequency: { seconds: 1 }, url: webhookUrl },
              },
            },
          },
        },
        provider: {
          host,
          organization: 'acme',
          validateLocationsExist: true,
          schedule: { frequency: { days: 1 }, timeout: { hours: 1 } },
        },
        databases: stores,
        catalog: { processingInterval: false },
      });
      door.leadTo(portal.webhookUrl);
      return portal;
    };
    const first = await startPortal();
    await waitFor(() => first.countLog('Scanned') > 0);
    expect(await first.readTargets()).toHaveLength(missed);
    door.leadTo(undefined);
    await first.stop();

    miss(model, missed);
    await github.settleWebhooks();
    const expected = Array.from({ length: missed / 4 }, (_, index) => index * 4)
      .map(
        number =>
          `http://${host}/acme/renamed-${number}/blob/main/catalog-info.yaml`,
      )
      .sort();
    return { github, expected, startPortal };
  }

  it('fetches the webhooks that it missed from the delivery log, and follows them without a scan', async () => {
    const { github, expected, startPortal } = await start();
    const portal = await startPortal();
    running.push(portal);
    await waitFor(
      async () => (await portal.readTargets()).length === expected.length,
      60_000,
    );
    await portal.settle();
    expect(await portal.readTargets()).toEqual(expected);
    expect(portal.countLog('Scanned')).toBe(0);
    expect(github.requestCounts.byKind).toMatchObject({
      // And the one that told of the installation, before the portal was there.
      'GET /app/hook/deliveries/:id': missed + 1,
    });
  });

  it('is put right by a scan when the delivery log is away', async () => {
    const { github, expected, startPortal } = await start();
    github.faults.failRequests('bad gateway', {
      times: Infinity,
      matches: ({ path }) => path.includes('/deliveries'),
    });
    const portal = await startPortal();
    running.push(portal);
    await portal.triggerScan('github-provider:default');
    await waitFor(() => portal.countLog('Scanned') > 0);
    await portal.settle();
    expect(await portal.readTargets()).toEqual(expected);
    expect(portal.countLog('The scan repaired')).toBe(missed);
  });
});
