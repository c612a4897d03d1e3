import { mockServices } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import { readRecoverySettings } from './readRecoverySettings';

function read(recovery?: JsonObject, baseUrl?: string) {
  return readRecoverySettings(
    mockServices.rootConfig({
      data: {
        ...(baseUrl !== undefined && { backend: { baseUrl } }),
        integrations: {
          github: [{ host: 'github.example.com' }, { host: 'github.com' }],
        },
        events: { modules: { github: { ...(recovery && { recovery }) } } },
      },
    }),
  );
}

describe('the configuration', () => {
  it('may say nothing', () => {
    expect(read()).toEqual({
      enabled: undefined,
      frequencyMs: 600_000,
      timeoutMs: 300_000,
      maxDeliveries: 1_000,
      url: undefined,
      baseUrl: undefined,
      hooks: [],
    });
  });

  it('may say everything', () => {
    expect(
      read(
        {
          enabled: true,
          frequency: { minutes: 1 },
          timeout: '30s',
          maxDeliveries: 5,
          url: 'https://hooks.example.com/github',
          hooks: [
            { organization: 'acme' },
            { repository: 'acme/site', host: 'github.com', hookId: 7 },
          ],
        },
        'https://portal.example.com',
      ),
    ).toEqual({
      enabled: true,
      frequencyMs: 60_000,
      timeoutMs: 30_000,
      maxDeliveries: 5,
      url: 'https://hooks.example.com/github',
      baseUrl: 'https://portal.example.com',
      hooks: [
        {
          kind: 'organization',
          host: 'github.example.com',
          organization: 'acme',
          hookId: undefined,
        },
        {
          kind: 'repository',
          host: 'github.com',
          owner: 'acme',
          repository: 'site',
          hookId: 7,
        },
      ],
    });
  });

  it.each<[JsonObject, string]>([
    [{ frequency: '1ms' }, 'recovery.frequency must be a duration'],
    [{ timeout: { days: 300 } }, 'recovery.timeout must be a duration'],
    [{ maxDeliveries: 0 }, 'recovery.maxDeliveries must be a whole number'],
    [{ url: 'somewhere' }, 'recovery.url must be a URL'],
    [{ hooks: [{}] }, 'recovery.hooks[0] must have one of'],
    [
      { hooks: [{ organization: 'a', repository: 'a/b' }] },
      'recovery.hooks[0] must have one of',
    ],
    [{ hooks: [{ repository: 'site' }] }, 'such as acme/site, got'],
    [{ hooks: [{ repository: 'a/b/c' }] }, 'such as acme/site, got'],
    [
      { hooks: [{ organization: 'acme', host: 'example.com' }] },
      "recovery.hooks[0].host must be the host of an entry of integrations.github, got 'example.com'",
    ],
    [
      { hooks: [{ organization: 'acme' }, { organization: 'Acme' }] },
      'github.example.com/orgs/acme/hooks twice',
    ],
  ])('must make sense: %j', (recovery, message) => {
    expect(() => read(recovery)).toThrow(message);
  });

  it('must have a URL of the backend that is one', () => {
    expect(() => read({}, 'here')).toThrow('backend.baseUrl must be a URL');
  });
});
