import { z } from 'zod';
import {
  startAcme,
  stopAll,
  stopLater,
  createService,
} from './__testUtils__/startAcme';
import { startAnswering } from './__testUtils__/startAnswering';
import type { GithubClient } from './GithubClient';

afterEach(stopAll);

const schema = z.unknown();
const secondaryMessage =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
const getSite = (client: GithubClient) =>
  client.get({ path: '/repos/acme/site', schema });
const queryLogin = (client: GithubClient) =>
  client.query({ query: '{ viewer { login } }', variables: {}, schema });

describe('the primary rate limit', () => {
  it('is told with the time until it is over, and GitHub is not asked before', async () => {
    const { github, service, host, logger } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.useUpRateLimit('core');

    const refused = await getSite(client).catch(error => error);
    expect(refused).toMatchObject({ kind: 'limited', status: 403 });
    expect(refused.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(3_602_000);

    github.resetRequestCounts();
    const held = await getSite(client).catch(error => error);
    expect(held).toMatchObject({ kind: 'limited', status: undefined });
    expect(held.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(github.requestCounts.requests).toBe(0);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        /^The primary rate limit of GitHub for acme on .* \(core\) is used up; GitHub is not asked for 36\d\d s$/,
      ),
    );
  });

  it('is one for each resource', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.useUpRateLimit('core');

    await expect(getSite(client)).rejects.toMatchObject({ kind: 'limited' });
    expect(await queryLogin(client)).toMatchObject({
      data: { viewer: { login: 'callboard[bot]' } },
    });
  });

  it.each(['RATE_LIMITED', 'RATE_LIMIT'] as const)(
    'of GraphQL is found in an answer of 200, as %s',
    async errorType => {
      const { github, service, host } = await startAcme();
      const client = service.forOwner({ host, owner: 'acme' });
      github.faults.useUpRateLimit('graphql', { errorType });

      const refused = await queryLogin(client).catch(error => error);
      expect(refused).toMatchObject({ kind: 'limited', status: 200 });
      expect(refused.retryAfterMs).toBeGreaterThan(3_590_000);
      github.resetRequestCounts();
      await expect(queryLogin(client)).rejects.toMatchObject({
        kind: 'limited',
      });
      expect(github.requestCounts.requests).toBe(0);
      await getSite(client);
    },
  );

  it('keeps from asking as soon as an answer says that nothing is left', async () => {
    const rateLimits = { core: 2 };
    const { github, service, host } = await startAcme({ rateLimits });
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    await getSite(client);
    github.resetRequestCounts();

    await expect(getSite(client)).rejects.toMatchObject({ kind: 'limited' });
    expect(github.requestCounts.requests).toBe(0);
  });

  it('can be left to others in part', async () => {
    const rateLimits = { core: 3 };
    const { service, host } = await startAcme({ rateLimits });
    const modest = service.forOwner({ host, owner: 'acme', reserve: 1 });
    await getSite(modest);
    await getSite(modest);

    await expect(getSite(modest)).rejects.toMatchObject({
      kind: 'limited',
      message: expect.stringContaining('but for a reserve of 1'),
    });
    await getSite(service.forOwner({ host, owner: 'acme' }));
  });

  it('of an app itself can be left in part to the tokens that it makes', async () => {
    const rateLimits = { core: 4 };
    const { service, host, app } = await startAcme({ rateLimits });
    const itself = service.forApp({ host, appId: app.id, reserve: 2 });
    const getApp = () => itself.get({ path: '/app', schema });
    await getApp();
    await getApp();

    await expect(getApp()).rejects.toMatchObject({
      kind: 'limited',
      message: expect.stringContaining('but for a reserve of 2'),
    });
    // Finds the installation, and has a token made.
    await getSite(service.forOwner({ host, owner: 'acme' }));
  });
});

describe('the secondary rate limit', () => {
  it('is waited for as long as GitHub says, for everything', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.limitSecondary(1, 17);

    const refused = await queryLogin(client).catch(error => error);
    expect(refused).toMatchObject({ kind: 'limited', status: 403 });
    expect(refused.retryAfterMs).toBeGreaterThan(16_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(17_000);
    github.resetRequestCounts();
    await expect(getSite(client)).rejects.toMatchObject({ kind: 'limited' });
    await expect(queryLogin(client)).rejects.toMatchObject({ kind: 'limited' });
    expect(github.requestCounts.requests).toBe(0);
  });

  it.each([
    ['the message', { message: secondaryMessage }],
    ['an error', { errors: [{ message: secondaryMessage }] }],
  ])(
    'of GraphQL is found in an answer of 200, by %s, and holds for everything',
    async (_, body) => {
      let asked = 0;
      const answering = stopLater(
        await startAnswering((__, response) => {
          asked += 1;
          response
            .writeHead(200, {
              'content-type': 'application/json',
              'retry-after': '60',
            })
            .end(JSON.stringify(body));
        }),
      );
      const { host } = answering;
      const client = createService({ ...answering, token: 'secret' }).forOwner({
        host,
        owner: 'acme',
      });

      const refused = await queryLogin(client).catch(error => error);
      expect(refused).toMatchObject({
        kind: 'limited',
        status: 200,
        message: expect.stringContaining('The secondary rate limit'),
      });
      expect(refused.retryAfterMs).toBeGreaterThan(59_000);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000);
      await expect(queryLogin(client)).rejects.toMatchObject({
        kind: 'limited',
      });
      await expect(getSite(client)).rejects.toMatchObject({ kind: 'limited' });
      expect(asked).toBe(1);
    },
  );

  it('is over when its time is', async () => {
    const { github, service, host } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    github.faults.limitSecondary(1, 1);

    const refused = await getSite(client).catch(error => error);
    await new Promise(resolve => setTimeout(resolve, refused.retryAfterMs));
    await getSite(client);
  });

  it('is waited for a minute when GitHub does not say how long', async () => {
    const answering = stopLater(
      await startAnswering((_, response) =>
        response
          .writeHead(429, { 'content-type': 'application/json' })
          .end('{"message":"Too many requests"}'),
      ),
    );
    const { host } = answering;
    const client = createService({ ...answering, token: 'secret' }).forOwner({
      host,
      owner: 'acme',
    });

    const refused = await getSite(client).catch(error => error);
    expect(refused).toMatchObject({ kind: 'limited', status: 429 });
    expect(refused.retryAfterMs).toBeGreaterThan(59_000);
  });
});

describe('a budget', () => {
  it('is shared by all who ask with the same credentials, whichever way the owner is written', async () => {
    const { github, service, host } = await startAcme();
    await getSite(service.forOwner({ host, owner: 'acme' }));
    github.faults.useUpRateLimit('core');
    await getSite(service.forOwner({ host, owner: 'acme' })).catch(() => {});
    github.faults.clear();

    await expect(
      getSite(service.forOwner({ host, owner: 'ACME' })),
    ).rejects.toMatchObject({ kind: 'limited' });
  });

  it('is another for another installation, and for the app itself', async () => {
    const { github, model, service, host, app } = await startAcme();
    model.installations.create({ appId: app.id, account: 'other' });
    await getSite(service.forOwner({ host, owner: 'acme' }));
    github.faults.useUpRateLimit('core');
    await getSite(service.forOwner({ host, owner: 'acme' })).catch(() => {});
    github.faults.clear();

    await service
      .forOwner({ host, owner: 'other' })
      .get({ path: '/repos/other/public', schema });
    await service.forApp({ host, appId: app.id }).get({ path: '/app', schema });
  });

  it('of an app is used up by its tokens, and GitHub is not asked for one then', async () => {
    const { github, service, host, app } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    github.faults.useUpRateLimit('core');

    await expect(getSite(client)).rejects.toMatchObject({ kind: 'limited' });
    github.resetRequestCounts();
    for (const each of [client, service.forApp({ host, appId: app.id })]) {
      const refused = await getSite(each).catch(error => error);
      expect(refused).toMatchObject({ kind: 'limited' });
      expect(refused.retryAfterMs).toBeGreaterThan(3_590_000);
    }
    expect(github.requestCounts.requests).toBe(0);
  });

  it('lets ten requests be under way at once', async () => {
    let underway = 0;
    let most = 0;
    const answering = stopLater(
      await startAnswering((_, response) => {
        underway += 1;
        most = Math.max(most, underway);
        setImmediate(() => {
          underway -= 1;
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end('{}');
        });
      }),
    );
    const { host } = answering;
    const service = createService({ ...answering, token: 'secret' });

    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        getSite(service.forOwner({ host, owner: `owner-${index}` })),
      ),
    );
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
  });
});
