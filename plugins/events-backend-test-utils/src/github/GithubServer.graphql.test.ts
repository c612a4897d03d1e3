import { askGithub, makeJwt, readText } from './askGithub';
import { GithubServer, type GithubServerOptions } from './GithubServer';
import { GithubModel } from './model/GithubModel';
import { makeNodeId } from './model/nodeIds';

const running: GithubServer[] = [];

afterEach(() => Promise.all(running.splice(0).map(each => each.stop())));

async function startGithub(options: GithubServerOptions = {}) {
  const github = new GithubServer({
    tokens: { personal: 'hubot' },
    ...options,
  });
  running.push(github);
  const { model } = github;
  model.addUser('hubot');
  model.addOrganization('acme');
  const { origin } = await github.start();
  const ask = async (
    query: string,
    variables: Record<string, unknown> = {},
    token = 'personal',
  ) => {
    const { body } = await askGithub(`${origin}/api/graphql`, {
      method: 'POST',
      token,
      body: { query, variables },
    });
    return body;
  };
  return { github, model, ...model, origin, ask };
}

/** What the stock provider asks, in its own words. */
const stockQuery = `
  query repositories($org: String!, $catalogPathRef: String!, $cursor: String, $repositoriesPageSize: Int!) {
    repositoryOwner(login: $org) {
      login
      repositories(first: $repositoriesPageSize, after: $cursor) {
        nodes {
          name
          catalogInfoFile: object(expression: $catalogPathRef) {
            __typename
            ... on Blob { id text }
          }
          url isArchived isFork visibility
          repositoryTopics(first: 100) {
            nodes { ... on RepositoryTopic { topic { name } } }
          }
          defaultBranchRef { name }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }`;

describe('GraphQL', () => {
  it('answers what the stock provider asks', async () => {
    const { repositories, origin, ask } = await startGithub();
    repositories.create({
      owner: 'acme',
      name: 'site',
      topics: ['web'],
      visibility: 'internal',
      files: { 'catalog-info.yaml': 'kind: Component' },
    });
    repositories.create({ owner: 'acme', name: 'empty' });

    const body = await ask(stockQuery, {
      org: 'acme',
      catalogPathRef: 'HEAD:catalog-info.yaml',
      repositoriesPageSize: 25,
    });

    expect(body).toEqual({
      data: {
        repositoryOwner: {
          login: 'acme',
          repositories: {
            nodes: [
              {
                name: 'site',
                catalogInfoFile: {
                  __typename: 'Blob',
                  id: expect.stringMatching(/^B_/),
                  text: 'kind: Component',
                },
                url: `${origin}/acme/site`,
                isArchived: false,
                isFork: false,
                visibility: 'INTERNAL',
                repositoryTopics: { nodes: [{ topic: { name: 'web' } }] },
                defaultBranchRef: { name: 'main' },
              },
              {
                name: 'empty',
                catalogInfoFile: null,
                url: `${origin}/acme/empty`,
                isArchived: false,
                isFork: false,
                visibility: 'PUBLIC',
                repositoryTopics: { nodes: [] },
                defaultBranchRef: null,
              },
            ],
            pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
          },
        },
      },
    });
  });

  it('skips and repeats nothing when repositories come and go between pages', async () => {
    const { repositories, ask } = await startGithub();
    const create = (name: string) =>
      repositories.create({ owner: 'acme', name });
    ['b', 'd', 'f', 'h'].forEach(create);
    const query = `query ($after: String) { organization(login: "acme") {
      repositories(first: 2, after: $after, orderBy: {field: NAME, direction: ASC}) {
        nodes { name } totalCount pageInfo { hasNextPage endCursor }
      } } }`;
    const page = (names: string[], hasNextPage: boolean) => ({
      data: {
        organization: {
          repositories: {
            nodes: names.map(name => ({ name })),
            pageInfo: { hasNextPage },
          },
        },
      },
    });

    const first = await ask(query);
    expect(first).toMatchObject(page(['b', 'd'], true));
    const after = /"endCursor":"([^"]+)"/.exec(JSON.stringify(first))?.[1];
    repositories.delete('acme/b');
    create('a');

    expect(await ask(query, { after })).toMatchObject(page(['f', 'h'], false));
  });

  it('narrows and orders repositories', async () => {
    const { repositories, ask } = await startGithub();
    repositories.create({ owner: 'acme', name: 'one', visibility: 'private' });
    repositories.create({ owner: 'acme', name: 'two' });
    repositories.create({ owner: 'acme', name: 'three' });
    repositories.archive('acme/three');
    const list = (args: string) =>
      ask(
        `{ organization(login: "acme") { repositories(first: 5, ${args}) { nodes { name } } } }`,
      );
    const named = (...names: string[]) => ({
      data: {
        organization: {
          repositories: { nodes: names.map(name => ({ name })) },
        },
      },
    });

    expect(await list('isArchived: false')).toEqual(named('one', 'two'));
    expect(await list('privacy: PRIVATE')).toEqual(named('one'));
    expect(await list('orderBy: {field: NAME, direction: DESC}')).toEqual(
      named('two', 'three', 'one'),
    );
  });

  it('orders repositories by what was pushed to or changed last', async () => {
    let nowMs = Date.UTC(2026, 0, 2);
    const model = new GithubModel({ now: () => (nowMs += 1000) });
    const { repositories, branches, ask } = await startGithub({ model });
    const files = { a: '1' };
    for (const name of ['one', 'two', 'three']) {
      repositories.create({ owner: 'acme', name, files });
    }
    branches.push('acme/one', { commits: [{ files: { a: '2' } }] });
    branches.push('acme/two', { branch: 'next' });
    repositories.edit('acme/three', { description: 'Changed' });
    const list = (args: string) =>
      ask(
        `{ repositoryOwner(login: "acme") { repositories(first: 5, ${args}) { totalCount nodes { name } } } }`,
      );
    const named = (...names: string[]) => ({
      data: {
        repositoryOwner: {
          repositories: {
            totalCount: names.length,
            nodes: names.map(name => ({ name })),
          },
        },
      },
    });

    expect(await list('orderBy: {field: PUSHED_AT, direction: DESC}')).toEqual(
      named('two', 'one', 'three'),
    );
    expect(await list('orderBy: {field: UPDATED_AT, direction: DESC}')).toEqual(
      named('three', 'one', 'two'),
    );
    expect(await list('ownerAffiliations: [OWNER]')).toEqual(
      named('one', 'two', 'three'),
    );
    expect(await list('ownerAffiliations: [COLLABORATOR]')).toEqual(named());
  });

  it('reads repositories by their node ids, whatever they are called, and says which are missing', async () => {
    const { repositories, ask } = await startGithub();
    const { id, nodeId } = repositories.create({
      owner: 'acme',
      name: 'site',
      files: { 'docs/a.md': 'a', 'b.bin': new Uint8Array([0, 1]) },
    });
    repositories.rename('acme/site', 'www');
    const missing = makeNodeId('Repository', 9);

    const body = await ask(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository {
        databaseId nameWithOwner isEmpty
        defaultBranchRef { target { oid ... on Commit { message tree { entries { name type } } } } }
        docs: object(expression: "main:docs") { ... on Tree { entries { path object { ... on Blob { text byteSize } } } } }
        binary: object(expression: "HEAD:b.bin") { ... on Blob { text isBinary byteSize } }
      } } }`,
      { ids: [nodeId, missing] },
    );

    expect(body).toMatchObject({
      data: {
        nodes: [
          {
            databaseId: id,
            nameWithOwner: 'acme/www',
            isEmpty: false,
            defaultBranchRef: {
              target: {
                oid: expect.stringMatching(/^[0-9a-f]{40}$/),
                message: 'Initial commit',
                tree: {
                  entries: [
                    { name: 'b.bin', type: 'blob' },
                    { name: 'docs', type: 'tree' },
                  ],
                },
              },
            },
            docs: {
              entries: [
                { path: 'docs/a.md', object: { text: 'a', byteSize: 1 } },
              ],
            },
            binary: { text: null, isBinary: true, byteSize: 2 },
          },
          null,
        ],
      },
      errors: [
        {
          type: 'NOT_FOUND',
          path: ['nodes', 1],
          message: `Could not resolve to a node with the global id of '${missing}'.`,
        },
      ],
    });
  });

  it('takes a hundred node ids at most', async () => {
    const { repositories, ask } = await startGithub();
    const { nodeId } = repositories.create({ owner: 'acme', name: 'site' });
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    const ids = Array.from({ length: 101 }, () => nodeId);

    expect(await ask(query, { ids: ids.slice(1) })).toMatchObject({
      data: { nodes: { length: 100 } },
    });
    expect(await ask(query, { ids })).toMatchObject({
      data: null,
      errors: [
        {
          type: 'ARGUMENT_LIMIT',
          path: ['nodes'],
          message:
            'You may not provide more than 100 node ids; you provided 101.',
        },
      ],
    });
  });

  it('knows a repository by its node id after a transfer, as long as it may be seen', async () => {
    const { model, repositories, ask } = await startGithub();
    model.addOrganization('other');
    const { nodeId } = repositories.create({ owner: 'acme', name: 'site' });
    const { app, privateKey } = model.addApp({ slug: 'callboard' });
    const { id } = model.installations.create({
      appId: app.id,
      account: 'acme',
    });
    const { body } = await askGithub(
      `${model.state.urls.api}/app/installations/${id}/access_tokens`,
      { method: 'POST', token: makeJwt(app.id, privateKey) },
    );
    const read = () =>
      ask(
        `{ node(id: "${nodeId}") { ... on Repository { nameWithOwner } } }`,
        {},
        readText(body, 'token'),
      );

    repositories.transfer('acme/site', 'other');
    expect(await read()).toEqual({
      data: { node: { nameWithOwner: 'other/site' } },
    });
    repositories.setVisibility('other/site', 'private');
    expect(await read()).toMatchObject({
      data: { node: null },
      errors: [{ type: 'NOT_FOUND', path: ['node'] }],
    });
  });

  it('follows renames unless it is told not to', async () => {
    const { repositories, ask } = await startGithub();
    repositories.create({ owner: 'acme', name: 'site' });
    repositories.rename('acme/site', 'www');

    expect(
      await ask('{ repository(owner: "acme", name: "site") { name } }'),
    ).toEqual({ data: { repository: { name: 'www' } } });
    expect(
      await ask(
        '{ repository(owner: "acme", name: "site", followRenames: false) { name } }',
      ),
    ).toMatchObject({
      data: { repository: null },
      errors: [
        {
          type: 'NOT_FOUND',
          path: ['repository'],
          message:
            "Could not resolve to a Repository with the name 'acme/site'.",
        },
      ],
    });
  });

  it('says what it has no resolver for, and what GitHub does not know', async () => {
    const { repositories, ask } = await startGithub();
    repositories.create({ owner: 'acme', name: 'site' });

    expect(
      await ask(
        '{ repository(owner: "acme", name: "site") { name issues(first: 1) { totalCount } } }',
      ),
    ).toMatchObject({
      errors: [
        {
          message:
            'This GitHub on localhost has no resolver for Repository.issues',
        },
      ],
    });
    expect(
      await ask(
        '{ organization(login: "acme") { repositories(first: 1, affiliations: [OWNER]) { totalCount } } }',
      ),
    ).toMatchObject({
      errors: [
        {
          message:
            'This GitHub on localhost does not know the argument affiliations of repositories',
        },
      ],
    });
    expect(await ask('{ unknown }')).toMatchObject({
      errors: [
        { message: expect.stringContaining('Cannot query field "unknown"') },
      ],
    });
    expect(
      await ask(
        '{ organization(login: "acme") { repositories { totalCount } } }',
      ),
    ).toMatchObject({ errors: [{ type: 'MISSING_PAGINATION_BOUNDARIES' }] });
  });

  it('counts points by what a query could answer with', async () => {
    const { github, ask } = await startGithub();
    const query = `{ organization(login: "acme") { repositories(first: 100) { nodes {
      repositoryTopics(first: 100) { nodes { topic { name } } }
      refs(first: 50, refPrefix: "refs/heads/") { totalCount }
    } } } rateLimit { cost nodeCount limit remaining used resetAt } viewer { login } }`;

    // 1 connection of repositories, and 100 each of topics and branches: 201 requests are 2 points.
    expect(await ask(query)).toMatchObject({
      data: {
        rateLimit: {
          cost: 2,
          nodeCount: 15_100,
          limit: 5000,
          remaining: 4998,
          used: 2,
        },
        viewer: { login: 'hubot' },
      },
    });
    expect(github.requestCounts).toMatchObject({
      byKind: { 'POST /graphql': 1 },
      graphqlCost: 2,
      restCost: 0,
    });
  });

  it('counts what is asked of each node id, and the usual value of a variable', async () => {
    const { ask } = await startGithub();
    const ids = Array.from({ length: 100 }, () => makeNodeId('Repository', 9));

    expect(
      await ask(
        `query ($ids: [ID!]!, $topics: Int = 10) { rateLimit { cost nodeCount } nodes(ids: $ids) {
          ... on Repository { repositoryTopics(first: $topics) { totalCount } refs(first: 1, refPrefix: "refs/heads/") { totalCount } }
        } }`,
        { ids },
      ),
    ).toMatchObject({
      data: { rateLimit: { cost: 2, nodeCount: 100 + 1000 + 100 } },
    });
  });
});
