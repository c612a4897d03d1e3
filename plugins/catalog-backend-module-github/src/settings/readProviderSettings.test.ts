import { ConfigReader } from '@backstage/config';
import type { JsonObject } from '@backstage/types';
import { readProviderSettings } from './readProviderSettings';

const read = (github: JsonObject) =>
  readProviderSettings(
    new ConfigReader({ catalog: { providers: { github } } }),
  );

const readOne = (provider: JsonObject = {}) => {
  const [settings] = read({ organization: 'acme', ...provider });
  return settings;
};

describe('the settings of providers', () => {
  it('are none when nothing is configured', () => {
    expect(readProviderSettings(new ConfigReader({}))).toEqual([]);
    expect(read({})).toEqual([]);
  });

  it('are those of the provider "default", with the defaults of the stock one, when there are no ids', () => {
    expect(read({ organization: 'acme' })).toEqual([
      {
        name: 'github-provider:default',
        host: 'github.com',
        source: { kind: 'owner', login: 'acme' },
        catalogPath: 'catalog-info.yaml',
        hasWildcards: false,
        branch: undefined,
        filters: {
          repository: undefined,
          allowForks: true,
          allowArchived: false,
          visibility: undefined,
          topicInclude: undefined,
          topicExclude: undefined,
        },
        validateLocationsExist: false,
        schedule: { frequency: { hours: 3 }, timeout: { hours: 1 } },
        fullScanEveryMs: 86_400_000,
        pageSize: 100,
      },
    ]);
  });

  it('are all that the stock provider has, and how often a scan is in full', () => {
    expect(
      readOne({
        host: 'github.example.com',
        catalogPath: '/services/*/catalog-info.yaml',
        filters: {
          branch: 'release',
          repository: 'service-.*',
          allowForks: false,
          allowArchived: true,
          visibility: ['public', 'internal'],
          topic: { include: ['backstage'], exclude: ['experiment'] },
        },
        validateLocationsExist: false,
        schedule: {
          frequency: { minutes: 10 },
          timeout: { minutes: 5 },
          initialDelay: { seconds: 15 },
          scope: 'global',
        },
        pageSizes: { repositories: 25 },
        fullScanFrequency: { days: 2 },
      }),
    ).toEqual({
      name: 'github-provider:default',
      host: 'github.example.com',
      source: { kind: 'owner', login: 'acme' },
      catalogPath: 'services/*/catalog-info.yaml',
      hasWildcards: true,
      branch: 'release',
      filters: {
        repository: /^service-.*$/,
        allowForks: false,
        allowArchived: true,
        visibility: ['public', 'internal'],
        topicInclude: ['backstage'],
        topicExclude: ['experiment'],
      },
      validateLocationsExist: false,
      schedule: {
        frequency: { minutes: 10 },
        timeout: { minutes: 5 },
        initialDelay: { seconds: 15 },
        scope: 'global',
      },
      fullScanEveryMs: 2 * 86_400_000,
      pageSize: 25,
    });
  });

  it.each([
    [
      { frequency: { days: 1 } },
      { frequency: { days: 1 }, timeout: { hours: 1 } },
    ],
    [
      { timeout: { minutes: 5 } },
      { frequency: { hours: 3 }, timeout: { minutes: 5 } },
    ],
    [{}, { frequency: { hours: 3 }, timeout: { hours: 1 } }],
  ])(
    'have defaults for what a schedule does not say: %j',
    (schedule, expected) => {
      const [settings] = read({ organization: 'acme', schedule });
      expect(settings.schedule).toMatchObject(expected);
    },
  );

  it('are of several providers when there are ids', () => {
    expect(
      read({
        first: { organization: 'acme' },
        second: { app: 7, validateLocationsExist: true },
      }),
    ).toMatchObject([
      {
        name: 'github-provider:first',
        source: { kind: 'owner', login: 'acme' },
        validateLocationsExist: false,
      },
      {
        name: 'github-provider:second',
        source: { kind: 'app', appId: 7 },
        validateLocationsExist: true,
      },
    ]);
  });

  it('have whoever has installed an app, unless an organization is named', () => {
    expect(read({ app: 7 })).toMatchObject([
      { name: 'github-provider:default', source: { kind: 'app', appId: 7 } },
    ]);
    expect(readOne({ app: 7 }).source).toEqual({
      kind: 'owner',
      login: 'acme',
    });
  });

  it.each([
    ['site', ['site'], ['site-1', 'a-site', 'Site']],
    ['^site', ['site'], ['site-1', 'a-site']],
    ['site$', ['site'], ['site-1', 'a-site']],
    ['^site-[0-9]+$', ['site-1', 'site-42'], ['site-', 'a-site-1']],
    ['.*', ['site', ''], []],
  ])(
    'have a pattern for the whole name of repositories (%s)',
    (repository, matching, others) => {
      const pattern = readOne({ filters: { repository } }).filters.repository;
      expect(
        [...matching, ...others].filter(name => pattern?.test(name)),
      ).toEqual(matching);
    },
  );

  it('have visibilities in lower case, and all of them when none is named', () => {
    expect(
      readOne({ filters: { visibility: ['PUBLIC', 'Internal'] } }).filters
        .visibility,
    ).toEqual(['public', 'internal']);
    expect(
      readOne({ filters: { visibility: [] } }).filters.visibility,
    ).toBeUndefined();
  });

  it('have a schedule by cron too', () => {
    expect(
      readOne({
        schedule: { frequency: { cron: '0 * * * *' }, timeout: 'PT5M' },
      }).schedule,
    ).toEqual({ frequency: { cron: '0 * * * *' }, timeout: { minutes: 5 } });
  });

  it('have the time between full scans in words as well', () => {
    expect(readOne({ fullScanFrequency: '12h' }).fullScanEveryMs).toBe(
      43_200_000,
    );
  });

  it.each<[string, JsonObject]>([
    ['catalogPath', { catalogPath: '/' }],
    ['catalogPath', { catalogPath: 'a'.repeat(1_001) }],
    [
      'validateLocationsExist',
      { catalogPath: '/*/a.yaml', validateLocationsExist: true },
    ],
    ['validateLocationsExist', { validateLocationsExist: 'perhaps' }],
    ['filters.branch', { filters: { branch: 'release/1' } }],
    ['filters.repository', { filters: { repository: '(' } }],
    ['filters.visibility', { filters: { visibility: ['secret'] } }],
    ['filters.allowForks', { filters: { allowForks: 'perhaps' } }],
    ['filters.allowArchived', { filters: { allowArchived: 3 } }],
    ['filters.topic.include', { filters: { topic: { include: 'one' } } }],
    ['filters.topic.exclude', { filters: { topic: { exclude: [1] } } }],
    ['pageSizes.repositories', { pageSizes: { repositories: 0 } }],
    ['pageSizes.repositories', { pageSizes: { repositories: 101 } }],
    ['pageSizes.repositories', { pageSizes: { repositories: 2.5 } }],
    ['schedule', { schedule: { frequency: 'rarely' } }],
    ['schedule', { schedule: { timeout: 'soon' } }],
    ['schedule.frequency', { schedule: { frequency: { days: 0 } } }],
    ['fullScanFrequency', { fullScanFrequency: 'rarely' }],
  ])('are refused with the name of the setting (%s)', (setting, provider) => {
    expect(() => read({ mine: { organization: 'acme', ...provider } })).toThrow(
      `catalog.providers.github.mine.${setting}`,
    );
    expect(() => read({ organization: 'acme', ...provider })).toThrow(
      `catalog.providers.github.${setting}`,
    );
  });

  it('are refused when neither an organization nor an app is named', () => {
    expect(() => read({ mine: { host: 'github.com' } })).toThrow(
      'Invalid configuration: catalog.providers.github.mine.organization is missing: set it, or the id of an app',
    );
    expect(() => read({ host: 'github.com' })).toThrow(
      'Invalid configuration: catalog.providers.github.organization is missing: set it, or the id of an app',
    );
  });

  it('are refused when the number of the app is none', () => {
    expect(() => read({ app: 'callboard' })).toThrow(
      'catalog.providers.github.app',
    );
  });
});
