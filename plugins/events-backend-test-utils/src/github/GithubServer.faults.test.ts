import { askGithub } from './askGithub';
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
  model.repositories.create({ owner: 'acme', name: 'site' });
  const { apiBaseUrl, origin } = await github.start();
  return {
    github,
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
