import type { ReceiverAnswer } from '@callboard/backstage-plugin-events-backend-test-utils';
import fc from 'fast-check';
import {
  answer,
  bearer,
  clientSecret,
  giveTokens,
  TestServers,
  unreachable,
} from './__testUtils__/TestServers';
import { createAuthorizer } from './index';

const servers = new TestServers();
afterEach(() => servers.end());

describe('a server of tokens that gives none', () => {
  const there = 'There is no access token: the token endpoint answered';
  const client =
    "Check 'auth.clientId', 'auth.clientAuthentication' and 'secrets.clientSecret'";
  const grant = { access_token: 'token', token_type: 'Bearer' };

  it.each([
    [
      'an error',
      answer(401, { error: 'invalid_client' }),
      `${there} 401: invalid_client. ${client}`,
    ],
    [
      'an error and its description',
      answer(400, {
        error: 'invalid_scope',
        error_description: 'Unknown\r\n scope\u0000 "a".',
      }),
      `${there} 400: invalid_scope: Unknown scope "a". Check 'auth.scope'`,
    ],
    [
      'an error with 200',
      answer(200, { error: 'unauthorized_client' }),
      `${there} 200: unauthorized_client. Allow the client the grant client_credentials`,
    ],
    [
      'an error of its own',
      answer(400, { error: 'odd', error_description: 7 }),
      `${there} 400: odd. Check 'auth' and 'secrets.clientSecret'`,
    ],
    [
      'an error that is long',
      answer(400, {
        error: 'e'.repeat(99),
        error_description: 'd'.repeat(999),
      }),
      `${there} 400: ${'e'.repeat(64)}…: ${'d'.repeat(
        300,
      )}…. Check 'auth' and 'secrets.clientSecret'`,
    ],
    ['no reason', answer(403, 'Forbidden'), `${there} 403. ${client}`],
    [
      'a failure',
      answer(503, '<html>'),
      `${there} 503. It is asked again at the next attempt`,
    ],
    [
      'another address',
      {
        kind: 'answer',
        status: 307,
        headers: { location: 'http://169.254.169.254/' },
      } satisfies ReceiverAnswer,
      `${there} 307. Redirects are not followed: set 'auth.tokenUrl' to the URL that gives tokens`,
    ],
    [
      'a token with 201',
      answer(201, grant),
      `${there} 201. Check 'auth' and 'secrets.clientSecret'`,
    ],
    [
      'no JSON',
      answer(200, '<html>'),
      `${there} 200, but not with an object of JSON. Check 'auth.tokenUrl'`,
    ],
    [
      'no token',
      answer(200, { token_type: 'Bearer' }),
      `${there} 200, but 'access_token' must be there, as a text. Check 'auth.tokenUrl'`,
    ],
    [
      'a token with a space',
      answer(200, { ...grant, access_token: 'a b' }),
      `${there} 200, but 'access_token' must be visible ASCII. Check 'auth.tokenUrl'`,
    ],
    [
      'a token with a line break',
      answer(200, { ...grant, access_token: 'a\r\nb: c' }),
      `${there} 200, but 'access_token' must be visible ASCII. Check 'auth.tokenUrl'`,
    ],
    [
      'a token that is too long',
      answer(200, { ...grant, access_token: 'a'.repeat(8_193) }),
      `${there} 200, but 'access_token' must have 8192 characters at the most. Check 'auth.tokenUrl'`,
    ],
    [
      'a token of another type',
      answer(200, { ...grant, token_type: 'mac' }),
      `${there} 200, but 'token_type' must be 'Bearer'. Check 'auth.tokenUrl'`,
    ],
    [
      'a token of no type',
      answer(200, { access_token: 'token' }),
      `${there} 200, but 'token_type' must be 'Bearer'. Check 'auth.tokenUrl'`,
    ],
    [
      'more than is read',
      answer(200, { ...grant, more: '.'.repeat(70_000) }),
      `${there} 200, but with more than an access token takes. Check 'auth.tokenUrl'`,
    ],
  ])('is explained: %s', async (_, serverAnswer, problem) => {
    const { authorizer } = await servers.startServer(serverAnswer);
    expect(await authorizer.authorize()).toEqual({ problem });
  });

  it('is explained when it cannot be reached', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens());
    await server.stop();
    expect(await authorizer.authorize()).toEqual({
      problem: expect.stringContaining('The connection was refused'),
    });
  });

  it('is explained when the guard does not let anybody there', async () => {
    const { receiver: server, url } = await servers.startReceiver(giveTokens());
    const authorizer = createAuthorizer({
      auth: { ...unreachable, tokenUrl: url },
      secrets: { clientSecret },
      send: servers.makeSend([]),
    });
    expect(await authorizer.authorize()).toEqual({
      problem: expect.stringContaining('events.webhooks.allow'),
    });
    expect(server.connections).toBe(0);
  });

  it('is asked again by the next one that needs a token', async () => {
    const { server, authorizer } = await servers.startServer(answer(500, {}));
    expect(await authorizer.authorize()).toMatchObject({
      problem: expect.stringContaining('500'),
    });
    server.answerWith(giveTokens());
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
  });

  it.each(['basic', 'body'])(
    'repeats no secret in what is told, the client being named in the %s',
    async clientAuthentication => {
      const { authorizer } = await servers.startServer(
        ({ headers, body }) =>
          answer(400, {
            error: clientSecret,
            error_description: `${headers.authorization} ${body} ${clientSecret}`,
          }),
        { clientAuthentication },
      );
      const authorization = await authorizer.authorize();
      expect(authorization).toEqual({
        problem: expect.stringContaining('***: '),
      });
      const told = JSON.stringify(authorization);
      expect(told).not.toContain(clientSecret);
      expect(told).not.toContain('a+secret');
      expect(told).not.toMatch(/[A-Za-z0-9+/]{40}/);
    },
  );

  it('repeats no secret, wherever it stands in what is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 4, maxLength: 40, unit: 'binary-ascii' }),
        fc.string({ maxLength: 400 }),
        fc.string({ maxLength: 400 }),
        async (secret, before, after) => {
          const told = `${there} 400: invalid_request: ***. ${client} auth`;
          fc.pre(!/[\s*]/.test(secret) && !told.includes(secret));
          const authorizer = createAuthorizer({
            auth: unreachable,
            secrets: { clientSecret: secret },
            send: async () => ({
              kind: 'answered',
              status: 400,
              headers: {},
              body: JSON.stringify({
                error: 'invalid_request',
                error_description: `${before}${secret}${after}`,
              }),
              cut: false,
              durationMs: 0,
            }),
          });
          const authorization = await authorizer.authorize();
          expect(JSON.stringify(authorization)).not.toContain(secret);
        },
      ),
    );
  });
});
