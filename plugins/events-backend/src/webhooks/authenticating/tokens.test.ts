import { userAgent } from '../requests';
import {
  bearer,
  clientSecret,
  giveTokens,
  TestServers,
  unreachable,
} from './__testUtils__/TestServers';
import { createAuthorizer } from './index';

const servers = new TestServers();
afterEach(() => servers.end());

describe('a token', () => {
  it('is asked for as RFC 6749 says, the client being named in a header', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens());
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
    const [{ method, path, headers, body }] = server.requests;
    expect({ method, path, body: body.toString() }).toEqual({
      method: 'POST',
      path: '/token?tenant=1',
      body: 'grant_type=client_credentials',
    });
    const credentials = Buffer.from(
      'callboard%3A1:a+secret%3A+%C3%BC%2B%25%26%3D%2F%C3%A4',
    ).toString('base64');
    expect(headers).toMatchObject({
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': userAgent,
    });
  });

  it('is asked for with the client in the body, where the server wants it there', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens(), {
      clientAuthentication: 'body',
      scope: 'events:write other',
      audience: 'https://receiver.example.com',
    });
    await authorizer.authorize();
    const [{ headers, body }] = server.requests;
    expect(headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'callboard:1',
      client_secret: clientSecret,
      scope: 'events:write other',
      audience: 'https://receiver.example.com',
    });
  });

  it('gives the known answer of RFC 6749, section 4.4.2', async () => {
    const sent: Record<string, string>[] = [];
    const authorizer = createAuthorizer({
      auth: unreachable,
      secrets: { clientSecret: 'gX1fBat3bV' },
      send: async ({ headers }) => {
        sent.push(headers);
        return { kind: 'cancelled', durationMs: 0 };
      },
    });
    await authorizer.authorize();
    expect(sent).toMatchObject([
      { authorization: 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW' },
    ]);
  });

  it('lets requests in at a receiver that asks for it', async () => {
    const { authorizer } = await servers.startServer(giveTokens());
    const { url } = await servers.startReceiver(({ headers }) => ({
      kind: 'answer',
      status: headers.authorization === 'Bearer token-1' ? 204 : 401,
    }));
    const authorization = await authorizer.authorize();
    if ('problem' in authorization) {
      throw new Error(authorization.problem);
    }
    const { headers } = authorization;
    const body = new Uint8Array();
    const send = servers.makeSend(['127.0.0.1']);
    expect(
      await send({ url, headers, body, timeLimitMs: 10_000 }),
    ).toMatchObject({ status: 204 });
  });

  it('is asked for once, by however many that wait', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens());
    const got = await Promise.all(
      Array.from({ length: 20 }, () => authorizer.authorize()),
    );
    expect(new Set(got.map(each => JSON.stringify(each))).size).toBe(1);
    expect(got[0]).toEqual(bearer('token-1'));
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['an hour', 3_600, 3_540],
    ['ten minutes', 600, 540],
    ['ten seconds', 10, 9],
    ['an hour, as a text', '3600', 3_540],
    ['a time that is not told', undefined, 270],
    ['null', null, 270],
    ['what is no time', 'soon', 270],
    ['less than nothing', -1, 270],
  ])(
    'is kept until a little before its end: %s',
    async (_, expiresIn, keptSeconds) => {
      const { authorizer, time } = await servers.startServer(
        giveTokens({ expires_in: expiresIn }),
      );
      expect(await authorizer.authorize()).toEqual(bearer('token-1'));
      time.nowMs += keptSeconds * 1_000 - 1;
      expect(await authorizer.authorize()).toEqual(bearer('token-1'));
      time.nowMs += 1;
      expect(await authorizer.authorize()).toEqual(bearer('token-2'));
    },
  );

  it('is reckoned from when it was asked for, however long the answer takes', async () => {
    const give = giveTokens({ expires_in: 10 });
    const { authorizer, time } = await servers.startServer(() => {
      time.nowMs += 9_000;
      return give();
    });
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
    expect(await authorizer.authorize()).toEqual(bearer('token-2'));
  });

  it('that ends at once is used once', async () => {
    const { authorizer } = await servers.startServer(
      giveTokens({ expires_in: 0 }),
    );
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
    expect(await authorizer.authorize()).toEqual(bearer('token-2'));
  });

  it('has the type bearer in any case', async () => {
    const { authorizer } = await servers.startServer(
      giveTokens({ token_type: 'bEARER' }),
    );
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
  });
});

describe('a token that its receiver refuses', () => {
  it('is forgotten', async () => {
    const { authorizer } = await servers.startServer(giveTokens());
    await authorizer.authorize();
    authorizer.reject();
    expect(await authorizer.authorize()).toEqual(bearer('token-2'));
  });

  it('takes no other with it: requests with the old one are refused later', async () => {
    const { authorizer, time } = await servers.startServer(giveTokens());
    await authorizer.authorize();
    authorizer.reject();
    await authorizer.authorize();
    time.nowMs += 9_999;
    authorizer.reject();
    expect(await authorizer.authorize()).toEqual(bearer('token-2'));
    time.nowMs += 1;
    authorizer.reject();
    expect(await authorizer.authorize()).toEqual(bearer('token-3'));
  });

  it('does not double the load of a receiver that refuses every token', async () => {
    const { server, authorizer, time } = await servers.startServer(
      giveTokens(),
    );
    for (let seconds = 0; seconds < 60; seconds += 1) {
      await authorizer.authorize();
      authorizer.reject();
      time.nowMs += 1_000;
    }
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });

  it('is none yet while one is asked for', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens());
    const asked = authorizer.authorize();
    authorizer.reject();
    expect(await asked).toEqual(bearer('token-1'));
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
    expect(server.requests).toHaveLength(1);
  });
});

describe('waiting for a token', () => {
  const givenUp = { problem: 'Given up while waiting for an access token' };

  it('is given up by one without the others', async () => {
    const { server, authorizer } = await servers.startServer({ kind: 'hang' });
    const first = new AbortController();
    const second = new AbortController();
    const waiting = [
      authorizer.authorize(first.signal),
      authorizer.authorize(second.signal),
    ];
    const [request] = await server.waitFor(1);
    first.abort();
    expect(await waiting[0]).toEqual(givenUp);

    // The last one to give up ends the request.
    second.abort();
    expect(await waiting[1]).toEqual(givenUp);
    await request.closed;
    expect(server.requests).toHaveLength(1);
  });

  it('begins anew after all have given up', async () => {
    const { server, authorizer } = await servers.startServer({ kind: 'hang' });
    const controller = new AbortController();
    const waiting = authorizer.authorize(controller.signal);
    await server.waitFor(1);
    server.answerWith(giveTokens());
    controller.abort();
    expect(await waiting).toEqual(givenUp);
    expect(await authorizer.authorize()).toEqual(bearer('token-1'));
    expect(server.requests).toHaveLength(2);
  });

  it('asks nobody when it is given up already', async () => {
    const { server, authorizer } = await servers.startServer(giveTokens());
    expect(await authorizer.authorize(AbortSignal.abort())).toEqual(givenUp);
    expect(server.requests).toEqual([]);
  });

  it('leaves nothing at a signal that lives on', async () => {
    const { authorizer } = await servers.startServer(
      giveTokens({ expires_in: 0 }),
    );
    const { signal } = new AbortController();
    const add = jest.spyOn(signal, 'addEventListener');
    const remove = jest.spyOn(signal, 'removeEventListener');
    for (let times = 0; times < 3; times += 1) {
      await authorizer.authorize(signal);
    }
    expect(add).toHaveBeenCalledTimes(3);
    expect(remove.mock.calls).toEqual(add.mock.calls);
  });

  it('is not for ever', async () => {
    const limits: number[] = [];
    const authorizer = createAuthorizer({
      auth: unreachable,
      secrets: { clientSecret },
      send: async ({ timeLimitMs }) => {
        limits.push(timeLimitMs);
        return {
          kind: 'failed',
          reason: 'timed out',
          message: 'No answer within 10000 ms',
          durationMs: timeLimitMs,
        };
      },
    });
    expect(await authorizer.authorize()).toEqual({
      problem:
        "There is no access token, since 'auth.tokenUrl' did not answer: No answer within 10000 ms",
    });
    expect(limits).toEqual([10_000]);
  });
});
