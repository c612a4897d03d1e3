import type { EndpointAuth } from '@callboard/backstage-plugin-events-common';
import { unreachable } from './__testUtils__/TestServers';
import { createAuthorizer, type AuthorizerOptions } from './index';

function makeAuthorizer(
  auth: EndpointAuth | undefined,
  secrets: AuthorizerOptions['secrets'] = {},
) {
  return createAuthorizer({
    auth,
    secrets,
    send: () => {
      throw new Error('Nothing is to be sent');
    },
  });
}

describe('an endpoint without authentication', () => {
  it('has no headers for it', async () => {
    const authorizer = makeAuthorizer(undefined);
    expect(await authorizer.authorize()).toEqual({ headers: {} });
    authorizer.reject();
    expect(await authorizer.authorize()).toEqual({ headers: {} });
  });
});

describe('Basic authentication', () => {
  const authorize = (username: string, password?: string) =>
    makeAuthorizer({ type: 'basic', username }, { password }).authorize();

  it.each([
    ['Aladdin', 'open sesame', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    ['test', '123\u00a3', 'dGVzdDoxMjPCow=='],
    ['user', '', 'dXNlcjo='],
    ['user', 'a:b', 'dXNlcjphOmI='],
  ])(
    'gives the answers of RFC 7617: %s and %j',
    async (user, password, known) => {
      expect(await authorize(user, password)).toEqual({
        headers: { authorization: `Basic ${known}` },
      });
    },
  );

  it('is a problem without a password', async () => {
    expect(await authorize('user')).toEqual({
      problem: expect.stringContaining("set 'secrets.password'"),
    });
  });

  it.each([
    ['user', 'hidden\r\n'],
    ['us\ner', 'hidden'],
    ['us:er', 'hidden'],
    ['us\u0085er', 'hidden'],
  ])(
    'is a problem with what receivers read differently: %j, %j',
    async (...pair) => {
      const authorization = await authorize(...pair);
      expect(authorization).toEqual({
        problem: expect.stringContaining('no control characters'),
      });
      expect(JSON.stringify(authorization)).not.toContain('hidden');
    },
  );
});

describe('OAuth 2', () => {
  it.each([undefined, ''])('is a problem with the secret %j', async secret => {
    const authorizer = makeAuthorizer(unreachable, { clientSecret: secret });
    expect(await authorizer.authorize()).toEqual({
      problem: expect.stringContaining("set 'secrets.clientSecret'"),
    });
  });
});
