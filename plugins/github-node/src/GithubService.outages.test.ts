import type { RequestListener } from 'node:http';
import { z } from 'zod';
import {
  createService,
  startAcme,
  stopAll,
  stopLater,
} from './__testUtils__/startAcme';
import { startAnswering } from './__testUtils__/startAnswering';
import type { GithubClient } from './GithubClient';

afterEach(stopAll);

const schema = z.object({ full_name: z.string() });
const getSite = (client: GithubClient) =>
  client.get({ path: '/repos/acme/site', schema });

/** Asks somebody who answers as a test wants it, and counts. */
async function startOdd(listener: RequestListener) {
  const asked = { times: 0 };
  const answering = stopLater(
    await startAnswering((request, response) => {
      asked.times += 1;
      listener(request, response);
    }),
  );
  const { host } = answering;
  const service = createService({ ...answering, token: 'secret' });
  return { asked, client: service.forOwner({ host, owner: 'acme' }) };
}

const answerJson =
  (body: string, status: number = 200): RequestListener =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(body);

describe('while there is no whole answer', () => {
  it.each(['bad gateway', 'cut'] as const)(
    'GitHub is asked twice more (%s)',
    async failure => {
      const { github, service, host } = await startAcme();
      const client = service.forOwner({ host, owner: 'acme' });
      await getSite(client);
      github.resetRequestCounts();
      github.faults.failRequests(failure, { times: 2 });

      expect(await getSite(client)).toMatchObject({
        data: { full_name: 'acme/site' },
      });
      github.faults.failRequests(failure, { times: 3 });
      await expect(getSite(client)).rejects.toMatchObject({
        kind: 'unavailable',
      });
      expect(await getSite(client)).toMatchObject({
        data: { full_name: 'acme/site' },
      });
    },
  );

  it('queries are asked again as well', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    github.faults.failRequests('cut', {
      matches: ({ path }) => path.endsWith('/graphql'),
    });

    expect(
      await client.query({
        query: '{ viewer { login } }',
        variables: {},
        schema: z.unknown(),
      }),
    ).toMatchObject({
      data: { viewer: { login: 'callboard[bot]' } },
      errors: [],
    });
  });

  it('nothing is posted again, since it may have been done', async () => {
    const { asked, client } = await startOdd(answerJson('{}', 502));

    await expect(
      client.post({ path: '/repos/acme/site/hooks', body: {}, schema }),
    ).rejects.toMatchObject({ kind: 'unavailable', status: 502 });
    expect(asked.times).toBe(1);
  });

  it('the status is told, and what was asked, without its query', async () => {
    const { client } = await startOdd(answerJson('{}', 503));

    await expect(
      client.get({ path: '/user', parameters: { page: 2 }, schema }),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      status: 503,
      message: expect.stringMatching(
        /^GitHub answered 503 to GET \/user for acme on 127.0.0.1:\d+$/,
      ),
    });
  });

  it('a request is given up after the time limit', async () => {
    const { github, service, host } = await startAcme({ timeLimitMs: 500 });
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.failRequests('timeout', { times: 3 });

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('within 500 ms'),
    });
    await getSite(client);
  });

  it('a token is given up after the time limit, and had the next time', async () => {
    const { github, service, host } = await startAcme({ timeLimitMs: 500 });
    const client = service.forOwner({ host, owner: 'acme' });
    github.faults.failRequests('timeout', {
      times: 3,
      matches: ({ path }) => path.endsWith('/app/installations'),
    });

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('no token within 500 ms'),
    });
    await getSite(client);
  });

  it('nothing is remembered of an outage once it is over', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    github.faults.startOutage();

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'unavailable',
      status: 503,
    });
    github.faults.endOutage();
    await getSite(client);
  });

  it('nobody listens, and it is told so', async () => {
    const answering = await startAnswering(() => {});
    await answering.stop();
    const { host } = answering;
    const client = createService({ ...answering, token: 'secret' }).forOwner({
      host,
      owner: 'acme',
    });

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'unavailable',
      status: undefined,
      message: expect.stringContaining('ECONNREFUSED'),
      cause: expect.objectContaining({ message: 'fetch failed' }),
    });
  });
});

describe('what is no answer', () => {
  it.each([
    ['a page', '<html>Unicorn!</html>', 'text/html'],
    ['half of JSON', '{"full_name":"acme', 'application/json'],
    ['nothing', '', 'application/json'],
  ])('may be %s', async (_, body, type) => {
    const { asked, client } = await startOdd((__, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'unavailable',
      status: 200,
    });
    expect(asked.times).toBe(3);
  });

  it.each([
    [
      'went wrong',
      {
        message:
          'Something went wrong while executing your query. Please include `ABCD` when reporting this issue.',
      },
    ],
    [
      'was too much',
      {
        type: 'RESOURCE_LIMITS_EXCEEDED',
        path: ['organization', 'repository'],
        message: 'Resource limits for this query exceeded.',
      },
    ],
  ])(
    'may be a query that GitHub could not finish since it %s, whatever data it has',
    async (_, error) => {
      const { asked, client } = await startOdd(
        answerJson(
          JSON.stringify({
            data: { organization: { repository: null } },
            errors: [error],
          }),
        ),
      );

      await expect(
        client.query({ query: '{ x }', variables: {}, schema: z.unknown() }),
      ).rejects.toMatchObject({ kind: 'unavailable' });
      expect(asked.times).toBe(3);
    },
  );

  it('may be longer than anything that GitHub has to say', async () => {
    const { asked, client } = await startOdd((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(1024 * 1024, ' ');
      let pieces = 0;
      const write = () => {
        pieces += 1;
        if (pieces > 64) {
          response.end();
        } else if (!response.destroyed) {
          response.write(piece, write);
        }
      };
      write();
    });

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('more than 33554432 bytes'),
    });
    expect(asked.times).toBe(1);
  });
});

describe('who does not want the answer any more', () => {
  it('is told the reason of the signal at once', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.failRequests('timeout');
    const controller = new AbortController();
    const asked = client.get({
      path: '/repos/acme/site',
      schema,
      signal: controller.signal,
    });
    controller.abort(new Error('shutting down'));

    await expect(asked).rejects.toThrow('shutting down');
  });

  it('waits for no further attempt', async () => {
    const controller = new AbortController();
    const { asked, client } = await startOdd((_, response) => {
      response.writeHead(502).end();
      // Once the answer is there, the pause before the next attempt begins.
      setTimeout(() => controller.abort(new Error('shutting down')), 50);
    });

    await expect(
      client.get({ path: '/user', schema, signal: controller.signal }),
    ).rejects.toThrow('shutting down');
    expect(asked.times).toBe(1);
  });
});
