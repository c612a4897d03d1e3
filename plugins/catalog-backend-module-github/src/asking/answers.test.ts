import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockServices } from '@backstage/backend-test-utils';
import { GithubService } from '@callboard/backstage-plugin-github-node';
import { readProviderSettings } from '../settings';
import { askForRepositories } from './askForRepositories';
import { listRepositories } from './listRepositories';

/* Answers as GitHub gives them now and then, and never when it is asked for them. */

const closing: (() => void)[] = [];

afterEach(() => closing.splice(0).forEach(close => close()));

const { signal } = new AbortController();

/** Somebody who answers every query the same. */
async function startAnswering(answer: object) {
  const server = createServer((_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer)),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  const config = mockServices.rootConfig({
    data: {
      integrations: {
        github: [
          { host, apiBaseUrl: `http://${host}/api/v3`, token: 'secret' },
        ],
      },
      catalog: { providers: { github: { host, organization: 'acme' } } },
    },
  });
  const [settings] = readProviderSettings(config);
  const client = new GithubService({
    config,
    logger: mockServices.logger.mock(),
  }).forOwner({ host, owner: 'acme' });
  return { settings, client };
}

const makeNode = (name: string, changes: object = {}) => ({
  __typename: 'Repository',
  id: `R_${name}`,
  name,
  url: `https://github.com/acme/${name}`,
  isArchived: false,
  isFork: false,
  visibility: 'PUBLIC',
  pushedAt: '2026-01-02T03:04:05Z',
  updatedAt: '2026-01-02T03:04:05Z',
  owner: { login: 'acme' },
  defaultBranchRef: { name: 'main', target: { oid: 'a' } },
  file: { __typename: 'Blob', oid: 'file 1', byteSize: 1 },
  repositoryTopics: { nodes: [] },
  ...changes,
});

describe('what GitHub says of a repository by its id', () => {
  const notFound = (index: number) => ({
    type: 'NOT_FOUND',
    path: ['nodes', index],
    message: 'Could not resolve to a node',
  });
  const ask = async (nodes: unknown[], errors: object[] = []) => {
    const { client, settings } = await startAnswering({
      data: { nodes },
      ...(errors.length > 0 && { errors }),
    });
    const findings = await askForRepositories(
      client,
      nodes.map((_, index) => `R_${index}`),
      settings,
      signal,
    );
    return findings.map(({ kind }) => kind);
  };

  it('is that it is there, or not, each by itself', async () => {
    expect(
      await ask([makeNode('a'), null, makeNode('c')], [notFound(1)]),
    ).toEqual(['found', 'not there', 'found']);
    expect(await ask([{ __typename: 'User' }])).toEqual(['not there']);
  });

  it.each<[string, unknown, object[]]>([
    ['nothing without a reason', null, []],
    [
      'nothing, for another reason',
      null,
      [{ ...notFound(0), type: 'FORBIDDEN' }],
    ],
    [
      'that something in it was not found',
      makeNode('a', { file: null }),
      [{ ...notFound(0), path: ['nodes', 0, 'file'] }],
    ],
    [
      'that it was not found, and that something went wrong',
      null,
      [notFound(0), { message: 'Internal error', path: ['nodes', 0] }],
    ],
    ['less than was asked', makeNode('a', { pushedAt: undefined }), []],
    ['a time that is none', makeNode('a', { pushedAt: 'soon' }), []],
  ])('is unknown when it says %s', async (_, node, errors) => {
    expect(await ask([node], errors)).toEqual(['unknown']);
  });
});

describe('a page of repositories', () => {
  const list = async (
    nodes: unknown[],
    errors: object[] = [],
    hasNextPage = false,
  ) => {
    const { client, settings } = await startAnswering({
      data: {
        repositoryOwner: {
          repositories: {
            totalCount: nodes.length,
            nodes,
            pageInfo: { hasNextPage, endCursor: null },
          },
        },
      },
      ...(errors.length > 0 && { errors }),
    });
    const { repositories, gaps } = await listRepositories(client, 'acme', {
      order: 'CREATED_AT',
      first: 100,
      settings,
      signal,
    });
    return { names: repositories.map(({ state }) => state.name), gaps };
  };
  const at = (index: number, ...field: string[]) => ({
    type: 'INTERNAL',
    message: 'Something',
    path: ['repositoryOwner', 'repositories', 'nodes', index, ...field],
  });

  it('has all but those that GitHub did not tell of, and tells their ids if it can', async () => {
    expect(
      await list(
        [
          makeNode('a'),
          null,
          makeNode('c', { file: null }),
          makeNode('d', { name: undefined }),
          makeNode('e'),
        ],
        [at(2, 'file')],
      ),
    ).toEqual({ names: ['a', 'e'], gaps: [undefined, 'R_c', 'R_d'] });
  });

  it('is none when there are more, and GitHub does not say where', async () => {
    await expect(list([makeNode('a')], [], true)).rejects.toThrow(
      'not where they begin',
    );
  });

  it('is none when something is wrong with all of it', async () => {
    for (const path of [undefined, ['repositoryOwner', 'repositories']]) {
      await expect(
        list([makeNode('a')], [{ message: 'Something', path }]),
      ).rejects.toThrow(/only in part.*acme: Something/);
    }
  });
});
