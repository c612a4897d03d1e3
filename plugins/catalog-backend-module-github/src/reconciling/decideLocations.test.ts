import { mockServices } from '@backstage/backend-test-utils';
import { GithubEntityProvider as StockProvider } from '@backstage/plugin-catalog-backend-module-github';
import type { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils';
import { GithubService } from '@callboard/backstage-plugin-github-node';
import type { JsonObject } from '@backstage/types';
import { FollowedOwners, listRepositories } from '../asking';
import { makeState } from '../__testUtils__/fixtures';
import { startGithub } from '../__testUtils__/startGithub';
import type { RepositoryState } from '../repositories';
import { readProviderSettings, type ProviderSettings } from '../settings';
import { decideLocations } from './decideLocations';

jest.setTimeout(20_000);

const state = makeState('site', { topics: ['docs', 'web'] });

function readSettings(provider: JsonObject = {}): ProviderSettings {
  const data = {
    catalog: { providers: { github: { organization: 'acme', ...provider } } },
  };
  const [settings] = readProviderSettings(mockServices.rootConfig({ data }));
  return settings;
}

const decide = (
  provider: JsonObject,
  changes: Partial<RepositoryState> = {},
  isFollowed = true,
) =>
  decideLocations({ ...state, ...changes }, isFollowed, readSettings(provider));

describe('the location of a repository', () => {
  it('is the catalog path in its default branch', () => {
    expect(decide({}, { defaultBranch: 'trunk' })).toEqual({
      targets: ['https://github.com/acme/site/blob/trunk/catalog-info.yaml'],
      explanation:
        'is read at https://github.com/acme/site/blob/trunk/catalog-info.yaml',
    });
  });

  it('is in the branch of the settings, whether the repository has it or not', () => {
    const provider = { filters: { branch: 'release' } };
    const targets = [
      'https://github.com/acme/site/blob/release/catalog-info.yaml',
    ];
    expect(decide(provider).targets).toEqual(targets);
    expect(decide(provider, { head: undefined }).targets).toEqual(targets);
  });

  it('keeps the wildcards of the catalog path, for the catalog to find what they stand for', () => {
    expect(decide({ catalogPath: '/services/*/info.yaml' }).targets).toEqual([
      'https://github.com/acme/site/blob/main/services/*/info.yaml',
    ]);
  });

  it('is there without the file, unless that is to be checked', () => {
    for (const file of [undefined, { oid: 'file 2', isEmpty: true }]) {
      expect(decide({}, { file }).targets).toHaveLength(1);
      expect(decide({ validateLocationsExist: true }, { file })).toEqual({
        targets: [],
        explanation: 'has no catalog-info.yaml, or an empty one',
      });
    }
    expect(decide({ validateLocationsExist: true }).targets).toHaveLength(1);
  });

  it.each<[string, JsonObject, Partial<RepositoryState>, string]>([
    ['is empty', {}, { defaultBranch: undefined }, 'no branch yet'],
    ['is archived', {}, { isArchived: true }, 'filters.allowArchived'],
    [
      'is a fork, and forks are not allowed',
      { allowForks: false },
      { isFork: true },
      'filters.allowForks',
    ],
    [
      'has another name',
      { repository: 'service-.*' },
      {},
      'filters.repository',
    ],
    [
      'has another visibility',
      { visibility: ['internal', 'private'] },
      {},
      'filters.visibility',
    ],
    [
      'has none of the topics',
      { topic: { include: ['api', 'backend'] } },
      {},
      'filters.topic.include',
    ],
    [
      'has no topics, and one is asked for',
      { topic: { include: ['api'] } },
      { topics: [] },
      'filters.topic.include',
    ],
    [
      'has one of the excluded topics',
      { topic: { exclude: ['web'] } },
      {},
      'filters.topic.exclude',
    ],
    [
      'has a topic that is asked for and one that is excluded',
      { topic: { include: ['docs'], exclude: ['web'] } },
      {},
      'filters.topic.exclude',
    ],
  ])(
    'is none when the repository %s, and it is said why',
    (_, filters, changes, reason) => {
      expect(decide({ filters }, changes)).toEqual({
        targets: [],
        explanation: expect.stringContaining(reason),
      });
    },
  );

  it('is none of a repository whose owner is not followed, and it is said whose it is', () => {
    expect(decide({}, { owner: 'globex' }, false)).toEqual({
      targets: [],
      explanation: 'belongs to globex, who is not followed',
    });
  });

  it('is none of a repository whose owner is not followed', () => {
    expect(decide({}, { owner: 'globex' }, false)).toEqual({
      targets: [],
      explanation: 'belongs to globex, who is not followed',
    });
  });

  it('is none of a repository that GitHub does not show', () => {
    expect(decideLocations(undefined, true, readSettings())).toEqual({
      targets: [],
      explanation:
        'is not there any more, or GitHub does not show it to this provider',
    });
  });

  it.each<[JsonObject, Partial<RepositoryState>]>([
    [{ allowArchived: true }, { isArchived: true }],
    [{}, { isFork: true }],
    [{ allowForks: false }, {}],
    [{ repository: 's.*' }, {}],
    [{ visibility: ['public'] }, {}],
    [{ visibility: [] }, { visibility: 'internal' }],
    [{ topic: { include: ['docs', 'api'] } }, {}],
    [{ topic: { include: [] } }, { topics: [] }],
    [{ topic: { exclude: ['api'] } }, {}],
    [{ topic: { exclude: [] } }, {}],
    [{ topic: { include: ['docs'], exclude: ['api'] } }, {}],
    [{ topic: { include: [], exclude: ['api'] } }, {}],
  ])('passes the filters %j', (filters, changes) => {
    expect(decide({ filters }, changes).targets).toHaveLength(1);
  });
});

/** One page: the stock provider pauses for a second before each. */
const repositoryCount = 100;

/** Repositories of all kinds that filters tell apart. */
function fill(model: GithubModel): void {
  const topics = [[], ['docs'], ['web'], ['docs', 'web']];
  const visibilities = ['public', 'private', 'internal'] as const;
  const files: (Record<string, string> | undefined)[] = [
    { 'catalog-info.yaml': 'kind: Component' },
    { 'catalog-info.yaml': '' },
    { 'README.md': 'nothing else' },
    { 'catalog-info.yaml/is-a-folder.md': 'x' },
    { 'catalog-info.yaml': '\u0000\u0001' },
    undefined,
  ];
  for (let index = 0; index < repositoryCount; index++) {
    const fullName = `acme/${index % 3 ? 'site' : 'Service'}-${index}`;
    model.repositories.create({
      owner: 'acme',
      name: fullName.slice('acme/'.length),
      topics: topics[index % 4],
      visibility: visibilities[index % 3],
      isFork: index % 5 === 0,
      defaultBranch: index % 2 ? 'main' : 'trunk',
      files: files[index % 6],
    });
    if (index % 8 === 1 && files[index % 6]) {
      model.branches.push(fullName, {
        branch: 'release',
        onto: null,
        commits: [{ files: { 'catalog-info.yaml': 'kind: System' } }],
      });
    }
    if (index % 7 === 0) {
      model.repositories.archive(fullName);
    }
  }
}

/** What a full scan of the stock provider tells the catalog. */
async function scanWithStock(data: JsonObject): Promise<string[]> {
  const targets: string[] = [];
  const [provider] = StockProvider.fromConfig(
    mockServices.rootConfig({ data }),
    {
      logger: mockServices.logger.mock(),
      schedule: {
        run: async ({ fn }) => fn(new AbortController().signal),
      },
    },
  );
  await provider.connect({
    applyMutation: async mutation => {
      if (mutation.type === 'full') {
        targets.push(
          ...mutation.entities.map(({ entity }) => String(entity.spec?.target)),
        );
      }
    },
    refresh: async () => {},
  });
  return targets.sort();
}

/** What comes of a listing of ours. */
async function decideAll(data: JsonObject): Promise<string[]> {
  const config = mockServices.rootConfig({ data });
  const [settings] = readProviderSettings(config);
  const github = new GithubService({
    config,
    logger: mockServices.logger.mock(),
  });
  const owners = new FollowedOwners(github, settings);
  const { signal } = new AbortController();
  const followed = await owners.list(signal);
  const targets: string[] = [];
  for (const { login } of followed) {
    let after: string | undefined;
    do {
      const page = await listRepositories(owners.askFor(login), login, {
        order: 'CREATED_AT',
        first: settings.pageSize,
        after,
        settings,
        signal,
      });
      targets.push(
        ...page.repositories.flatMap(
          found => decideLocations(found.state, true, settings).targets,
        ),
      );
      after = page.next;
    } while (after !== undefined);
  }
  return targets.sort();
}

describe('the locations of all repositories', () => {
  let started: Awaited<ReturnType<typeof startGithub>>;

  beforeAll(async () => {
    started = await startGithub();
    fill(started.github.model);
  });
  afterAll(() => started.github.stop());

  it.each<JsonObject>([
    {},
    { validateLocationsExist: true },
    { catalogPath: '/README.md', validateLocationsExist: true },
    { catalogPath: '**/catalog-info.yaml' },
    { filters: { branch: 'release' } },
    { filters: { branch: 'release' }, validateLocationsExist: true },
    { filters: { allowForks: false } },
    { filters: { allowArchived: true } },
    { filters: { repository: 'site-.*' } },
    { filters: { repository: '^Service-[0-9]+' } },
    { filters: { visibility: ['Public', 'internal'] } },
    { filters: { topic: { include: ['docs'] } } },
    { filters: { topic: { exclude: ['docs'] } } },
    { filters: { topic: { include: ['docs'], exclude: ['web'] } } },
    { filters: { topic: { include: [], exclude: ['web'] } } },
    {
      validateLocationsExist: true,
      pageSizes: { repositories: 50 },
      filters: {
        repository: '.*[02468]',
        allowForks: false,
        allowArchived: true,
        visibility: ['private', 'public'],
        topic: { include: ['docs', 'web'] },
      },
    },
  ])('are those that the stock provider gives with %j', async provider => {
    const data = {
      ...started.config,
      catalog: {
        providers: {
          github: {
            host: started.host,
            organization: 'acme',
            pageSizes: { repositories: 100 },
            ...provider,
          },
        },
      },
    };
    const targets = await decideAll(data);
    expect(targets).toEqual(await scanWithStock(data));
    // Some, and not all: otherwise nothing would have been compared.
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.length).toBeLessThan(repositoryCount);
  });
});
