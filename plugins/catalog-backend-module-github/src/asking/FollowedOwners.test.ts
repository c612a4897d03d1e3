import { mockServices } from '@backstage/backend-test-utils';
import type { GithubInstallation } from '@callboard/backstage-plugin-github-node';
import type { JsonObject } from '@backstage/types';
import { readProviderSettings } from '../settings';
import { FollowedOwners } from './FollowedOwners';

const { signal } = new AbortController();
const appId = 7;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Those whose repositories are followed for an app, and how often GitHub was asked for an installation. */
function start(options: { app?: JsonObject; provider?: JsonObject } = {}) {
  const { app, provider = { app: appId } } = options;
  const [settings] = readProviderSettings(
    mockServices.rootConfig({
      data: {
        integrations: {
          github: [
            {
              host: 'github.com',
              apps: [
                {
                  appId,
                  privateKey: 'key',
                  webhookSecret: 'secret',
                  clientId: 'id',
                  clientSecret: 'secret',
                  ...app,
                },
              ],
            },
          ],
        },
        catalog: { providers: { github: provider } },
      },
    }),
  );
  const installed = new Set<string>();
  const asked: string[] = [];
  const describeOwner = (owner: string): GithubInstallation => ({
    id: 1,
    owner,
    ownerType: 'Organization',
    isSuspended: false,
  });
  const owners = new FollowedOwners(
    {
      async findInstallation({ owner }) {
        asked.push(owner);
        // An answer takes a while.
        jest.advanceTimersByTime(1_000);
        return installed.has(owner) ? describeOwner(owner) : undefined;
      },
      listInstallations: async () => [...installed].map(describeOwner),
      forOwner: () => {
        throw new Error('Nothing is asked for an owner here');
      },
    },
    settings,
  );
  return { owners, installed, asked };
}

describe('who has installed the app', () => {
  it('is asked for once a minute', async () => {
    const { owners, installed, asked } = start();
    installed.add('acme');
    for (let seconds = 0; seconds < 60; seconds += 10) {
      expect(await owners.isFollowed('acme', signal)).toBe(true);
      jest.advanceTimersByTime(10_000);
    }
    expect(asked).toHaveLength(1);
    expect(await owners.isFollowed('acme', signal)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('and who has not, is asked for again by whoever doubts that, and once a minute for all others', async () => {
    const { owners, installed, asked } = start();
    const isFollowedRoughly = () =>
      owners.isFollowed('acme', signal, { isRough: true });
    expect(await isFollowedRoughly()).toBe(false);
    expect(await owners.isFollowed('acme', signal)).toBe(false);
    expect(asked).toHaveLength(1);
    jest.advanceTimersByTime(500);
    expect(await isFollowedRoughly()).toBe(false);
    expect(asked).toHaveLength(1);
    installed.add('acme');
    expect(await owners.isFollowed('acme', signal)).toBe(true);
    expect(asked).toHaveLength(2);
    expect(await isFollowedRoughly()).toBe(true);
  });

  it('is not followed if the app is not to be used there, and is not asked for', async () => {
    const { owners, installed, asked } = start({
      app: { allowedInstallationOwners: ['Acme'] },
    });
    installed.add('acme').add('stranger');
    expect(await owners.list(signal)).toEqual([
      { login: 'acme', isSuspended: false },
    ]);
    expect(owners.isAllowed('ACME')).toBe(true);
    expect(await owners.isFollowed('stranger', signal)).toBe(false);
    expect(asked).toEqual([]);
  });

  it('does not matter when an organization is followed', async () => {
    const { owners, asked } = start({ provider: { organization: 'Acme' } });
    expect(await owners.list(signal)).toEqual([
      { login: 'Acme', isSuspended: false },
    ]);
    expect(await owners.isFollowed('acme', signal)).toBe(true);
    expect(await owners.isFollowed('globex', signal)).toBe(false);
    expect(asked).toEqual([]);
  });
});
