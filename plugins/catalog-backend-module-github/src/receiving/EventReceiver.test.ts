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
async function start(isFollowed: () => Promise<boolean> = async () => false) {
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
  });
  const receive = async (topic: string, eventPayload: object) => {
    await receiver.receive([{ topic, eventPayload }], signal);
    const hints = await readDueHints(store, provider, Date.now(), 100);
    return hints.map(({ fullName }) => fullName);
  };
  return { receive };
}

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
    const event = {
      action: 'created',
      repository: {
        ...named,
        html_url: 'https://github.com/globex/new',
        default_branch: 'main',
        owner: { login: 'globex' },
      },
    };
    const { receive } = await start();
    expect(await receive('github.repository', event)).toEqual([]);
    const { receive: receiveInDoubt } = await start(async () => {
      throw new Error('GitHub is away');
    });
    expect(await receiveInDoubt('github.repository', event)).toEqual([
      'globex/new',
    ]);
  });
});
