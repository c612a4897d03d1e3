import { askGithub, makeJwt } from './askGithub';
import { GithubServer, type GithubServerOptions } from './GithubServer';
import { GithubModel } from './model/GithubModel';

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
  const { nodeId } = model.repositories.create({ owner: 'acme', name: 'site' });
  const { app, privateKey } = model.addApp({
    slug: 'callboard',
    webhook: { url: 'http://hook.localhost', secret: 'secret' },
  });
  const { apiBaseUrl, origin } = await github.start();
  const readName = async () => {
    const { body } = await askGithub(`${origin}/api/graphql`, {
      token: 'personal',
      method: 'POST',
      body: {
        query: `{ node(id: "${nodeId}") { ... on Repository { name } } }`,
      },
    });
    return body;
  };
  return {
    github,
    ...model,
    /** By the id that it keeps. */
    readName,
    askApp: (path: string) =>
      askGithub(`${apiBaseUrl}${path}`, {
        token: makeJwt(app.id, privateKey, model.state.now()),
      }),
    rest: (credentials: { token?: string } = { token: 'personal' }) =>
      askGithub(`${apiBaseUrl}/repos/acme/site`, credentials),
    graphql: () =>
      askGithub(`${origin}/api/graphql`, {
        token: 'personal',
        method: 'POST',
        body: { query: '{ viewer { login } }' },
      }),
    limit: () => askGithub(`${apiBaseUrl}/rate_limit`, { token: 'personal' }),
  };
}

describe('rate limits', () => {
  it('are told in every answer, also when it fails', async () => {
    const { rest } = await startGithub();

    for (const credentials of [{ token: 'personal' }, { token: 'bad' }, {}]) {
      const { headers } = await rest(credentials);
      expect(headers.get('x-ratelimit-limit')).toMatch(/^(5000|60)$/);
      expect(headers.get('x-ratelimit-remaining')).not.toBeNull();
      expect(headers.get('x-ratelimit-used')).not.toBeNull();
      expect(headers.get('x-ratelimit-reset')).toMatch(/^\d{10}$/);
      expect(headers.get('x-ratelimit-resource')).toBe('core');
    }
  });

  it('refuse what is asked after the last, until the hour is over', async () => {
    let nowMs = Date.now();
    const model = new GithubModel({ now: () => nowMs });
    const rateLimits = { core: 2, graphql: 1 };
    const { rest, graphql, limit } = await startGithub({ model, rateLimits });

    expect(await rest()).toMatchObject({ status: 200 });
    expect(await rest()).toMatchObject({ status: 200 });
    const refused = await rest();
    expect(refused).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('API rate limit exceeded for') },
    });
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(await graphql()).toMatchObject({
      body: { data: { viewer: { login: 'hubot' } } },
    });
    expect(await graphql()).toMatchObject({
      status: 200,
      body: { errors: [{ type: 'RATE_LIMITED' }] },
    });
    expect(await limit()).toMatchObject({
      status: 200,
      body: { resources: { core: { remaining: 0 }, graphql: { used: 1 } } },
    });

    nowMs += 3_600_000;
    expect(await rest()).toMatchObject({ status: 200 });
  });

  it('can be used up', async () => {
    const { github, rest, graphql } = await startGithub();
    github.faults.useUpRateLimit('core');

    expect(await rest()).toMatchObject({ status: 403 });
    expect(await graphql()).toMatchObject({ body: { data: {} } });
    github.faults.useUpRateLimit('graphql');
    expect(await graphql()).toMatchObject({
      body: { errors: [{ type: 'RATE_LIMITED' }] },
    });
    github.faults.clear();
    expect(await rest()).toMatchObject({ status: 200 });
  });

  it('are told in either word that GraphQL has for them', async () => {
    const { github, graphql } = await startGithub();
    github.faults.useUpRateLimit('graphql', { errorType: 'RATE_LIMIT' });

    expect((await graphql()).body).toEqual({
      errors: [
        {
          type: 'RATE_LIMIT',
          code: 'graphql_rate_limit',
          message: expect.stringMatching('already exceeded for user ID'),
        },
      ],
    });
  });

  it('have a second kind, that says when to come again', async () => {
    const { github, rest, graphql } = await startGithub();
    github.faults.limitSecondary(2, 7);

    const refused = await rest();
    expect(refused).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('secondary rate limit') },
    });
    expect(refused.headers.get('retry-after')).toBe('7');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('5000');
    expect(await graphql()).toMatchObject({ status: 403 });
    expect(await rest()).toMatchObject({ status: 200 });
  });
});

describe('requests', () => {
  it('fail as often as planned, if they match', async () => {
    const { github, rest, graphql } = await startGithub();
    github.faults.failRequests('bad gateway', {
      times: 2,
      matches: ({ path, body }) =>
        path.endsWith('/graphql') && body.includes('viewer'),
    });

    expect(await rest()).toMatchObject({ status: 200 });
    expect(await graphql()).toMatchObject({ status: 502 });
    expect(await graphql()).toMatchObject({ status: 502 });
    expect(await graphql()).toMatchObject({ status: 200 });
    expect(github.requestCounts.byKind).toMatchObject({ failed: 2 });
  });

  it('get the error of a query that took too long', async () => {
    const { github, graphql } = await startGithub();
    github.faults.failRequests('interrupted');

    expect(await graphql()).toMatchObject({
      status: 200,
      body: {
        data: null,
        errors: [{ message: expect.stringMatching(/^Something went wrong/) }],
      },
    });
    expect(await graphql()).toMatchObject({ body: { data: {} } });
  });

  it('find no delivery log for as long as it is away', async () => {
    const { github, rest, askApp } = await startGithub();
    const log = '/app/hook/deliveries';
    github.faults.failRequests('not found', {
      times: Infinity,
      matches: ({ path }) => path.includes('/deliveries'),
    });

    for (let tries = 0; tries < 3; tries++) {
      expect(await askApp(log)).toMatchObject({ status: 404 });
    }
    expect(await rest()).toMatchObject({ status: 200 });
    github.faults.clear();
    expect(await askApp(log)).toMatchObject({ status: 200, body: [] });
  });

  it('get an answer that ends in its middle', async () => {
    const { github, rest } = await startGithub();
    github.faults.failRequests('cut');

    await expect(rest()).rejects.toThrow();
    expect(await rest()).toMatchObject({ status: 200 });
  });

  it('get no answer at all', async () => {
    const { github, rest, limit } = await startGithub();
    github.faults.failRequests('timeout');
    const lost = rest().catch(() => 'no answer');

    expect(await limit()).toMatchObject({ status: 200 });
    await github.stop();
    expect(await lost).toBe('no answer');
  });

  it('are refused during an outage', async () => {
    const { github, rest, graphql } = await startGithub();
    github.faults.startOutage();

    expect(await rest()).toMatchObject({ status: 503 });
    expect(await graphql()).toMatchObject({ status: 503 });
    github.faults.endOutage();
    expect(await rest()).toMatchObject({ status: 200 });
  });
});

describe('replicas that lag', () => {
  const named = (name: string) => ({ data: { node: { name } } });

  it('show what was, for as many reads', async () => {
    const { github, repositories, rest, readName, askApp } =
      await startGithub();
    github.faults.lagReads({ reads: 2 });
    repositories.rename('acme/site', 'www');

    expect(await askApp('/app')).toMatchObject({ status: 200 });
    expect(await readName()).toEqual(named('site'));
    expect(await rest()).toMatchObject({ status: 200 });
    expect(await readName()).toEqual(named('www'));
    expect(await rest()).toMatchObject({ status: 301 });
  });

  it('show what was some time ago', async () => {
    let nowMs = Date.now();
    const model = new GithubModel({ now: () => nowMs });
    const { github, repositories, readName } = await startGithub({ model });
    github.faults.lagReads({ ms: 100 });
    repositories.rename('acme/site', 'www');
    nowMs += 50;
    repositories.rename('acme/www', 'web');

    expect(await readName()).toEqual(named('site'));
    nowMs += 50;
    expect(await readName()).toEqual(named('www'));
    nowMs += 50;
    expect(await readName()).toEqual(named('web'));
  });

  it('do not know what is new, and know what is gone', async () => {
    const { github, repositories, branches, rest } = await startGithub();
    branches.push('acme/site', { commits: [{ files: { a: '1' } }] });
    github.faults.lagReads({ reads: 10 });
    repositories.delete('acme/site');
    const { id } = repositories.create({ owner: 'acme', name: 'site' });

    const { body } = await rest();
    expect(body).toMatchObject({ name: 'site' });
    expect(body).not.toMatchObject({ id });
    github.faults.clear();
    expect((await rest()).body).toMatchObject({ id });
  });
});
