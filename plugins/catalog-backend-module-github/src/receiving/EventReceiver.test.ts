import { mockServices } from '@backstage/backend-test-utils';
import { createTestStores, provider } from '../__testUtils__/testStores';
import { ProviderTelemetry } from '../ProviderTelemetry';
import { readDueHints } from '../repositories';
import { readProviderSettings } from '../settings';
import { EventReceiver } from './EventReceiver';

const stores = createTestStores();
const { signal } = new AbortController();
const account = { login: 'globex', html_url: 'https://github.com/globex' };
const named = { node_id: 'R_new', full_name: 'globex/new' };

/** A receiver of a provider of an app, of which GitHub says that it is not installed for anybody yet. */
async function start(
  options: {
    isFollowed?: (owner: string) => Promise<boolean>;
    ownersLimitMs?: number;
  } = {},
) {
  const { isFollowed = async () => false, ownersLimitMs } = options;
  const store = await stores.open(stores.ids[0]);
  const [settings] = readProviderSettings(
    mockServices.rootConfig({
      data: { catalog: { providers: { github: { mine: { app: 1 } } } } },
    }),
  );
  const receiver = new EventReceiver({
    store,
    settings,
    owners: {
      isFollowed,
      isAllowed: owner => owner !== 'stranger',
      forget: () => {},
    },
    telemetry: new ProviderTelemetry(provider),
    logger: mockServices.logger.mock(),
    ownersLimitMs,
  });
  const receive = async (topic: string, ...payloads: object[]) => {
    await receiver.receive(
      payloads.map(eventPayload => ({ topic, eventPayload })),
      signal,
    );
    const hints = await readDueHints(store, provider, Date.now(), 100);
    return hints.map(({ fullName }) => fullName);
  };
  return { receive };
}

/** What GitHub sends when somebody has made a repository. */
const makeCreated = (owner: string) => ({
  action: 'created',
  repository: {
    node_id: `R_${owner}`,
    full_name: `${owner}/new`,
    html_url: `https://github.com/${owner}/new`,
    default_branch: 'main',
    owner: { login: owner },
  },
});

describe('the events of an app', () => {
  it('that say what it is shown are believed before GitHub says so', async () => {
    const { receive } = await start();
    expect(
      await receive('github.installation', {
        action: 'created',
        installation: { account, app_id: 1 },
        repositories: [named],
      }),
    ).toEqual(['globex/new']);
    const { receive: receiveNext } = await start();
    expect(
      await receiveNext('github.installation_repositories', {
        action: 'added',
        installation: { account, app_id: 1 },
        repositories_added: [named],
        repositories_removed: [{ node_id: 'R_old', full_name: 'globex/old' }],
      }),
    ).toEqual(['globex/new']);
  });

  it.each([
    ['another app', { account, app_id: 2 }],
    [
      'somebody for whom it is not to be used',
      {
        account: {
          login: 'stranger',
          html_url: 'https://github.com/stranger',
        },
        app_id: 1,
      },
    ],
  ])('are not, when they are of %s', async (_, installation) => {
    const { receive } = await start();
    expect(
      await receive('github.installation', {
        action: 'created',
        installation,
        repositories: [named],
      }),
    ).toEqual([]);
  });

  it('are passed over when they are of somebody who has not installed it, and kept in doubt', async () => {
    const { receive } = await start();
    expect(await receive('github.repository', makeCreated('globex'))).toEqual(
      [],
    );
    const { receive: receiveInDoubt } = await start({
      async isFollowed() {
        throw new Error('GitHub is away');
      },
    });
    expect(
      await receiveInDoubt('github.repository', makeCreated('globex')),
    ).toEqual(['globex/new']);
  });

  it('wait for GitHub together and not for each owner, and are kept in doubt then', async () => {
    const asked: string[] = [];
    const { receive } = await start({
      ownersLimitMs: 20,
      isFollowed(owner) {
        asked.push(owner);
        return new Promise(() => {});
      },
    });
    const owners = ['globex', 'initech', 'umbrella'];
    expect(
      await receive('github.repository', ...owners.map(makeCreated)),
    ).toEqual(owners.map(owner => `${owner}/new`));
    expect(asked).toEqual(['globex']);
  });
});
