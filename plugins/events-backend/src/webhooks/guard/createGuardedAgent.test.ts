import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { fetch, interceptors, request, type Agent } from 'undici';
import { certificate } from './__testUtils__/certificate';
import {
  answersInside,
  urlsInside,
  urlsOfThisMachine,
} from './__testUtils__/hostileUrls';
import { listen } from './__testUtils__/listen';
import { createGuard } from './createGuard';
import {
  createGuardedAgent,
  type GuardedAgentOptions,
} from './createGuardedAgent';
import { RefusedAddressError } from './RefusedAddressError';
import { resolveChecked } from './resolveChecked';
import { shareLookups } from './shareLookups';

type Listening = Awaited<ReturnType<typeof listen>>;

const agents: Agent[] = [];
const servers: Listening[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(agent => agent.destroy()));
  await Promise.all(servers.splice(0).map(server => server.stop()));
});

function makeAgent(
  allow: readonly string[],
  options: Partial<GuardedAgentOptions> = {},
): Agent {
  const guard = createGuard({ allow, allowHttp: true });
  const agent = createGuardedAgent({ guard, ...options });
  agents.push(agent);
  return agent;
}

/** Starts what must not be reached, unless it is opened. */
async function startReceiver(
  answer: RequestListener = (_, response) => response.end('reached'),
): Promise<Listening> {
  const server = await listen(createServer(answer));
  servers.push(server);
  return server;
}

async function send(url: string, dispatcher: Agent) {
  const { statusCode, headers, body } = await request(url, {
    method: 'POST',
    body: '{}',
    dispatcher,
  });
  return { statusCode, headers, text: await body.text() };
}

/** What a request that fails, fails with. */
async function failureOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => {
      throw new Error('The request was answered');
    },
    error => error,
  );
}

describe('an agent that is guarded', () => {
  it('meets at least 60 hostile URLs here', () => {
    const urls = [
      ...urlsOfThisMachine,
      ...urlsInside.map(([url]) => url),
      ...answersInside.map(([answer]) => answer.join()),
    ];
    expect(new Set(urls).size).toBe(urls.length);
    expect(urls.length).toBeGreaterThanOrEqual(130);
  });

  describe.each(urlsOfThisMachine)('at %j', template => {
    it('reaches nothing, but what is opened', async () => {
      const receiver = await startReceiver();
      const url = template.replace('PORT', String(receiver.port));

      expect(await failureOf(send(url, makeAgent([])))).toBeInstanceOf(
        RefusedAddressError,
      );
      expect(receiver.connections).toBe(0);
      expect(
        createGuard({ allow: [], allowHttp: true }).checkUrl(url).allowed,
      ).toBe(false);

      const open = makeAgent(['0.0.0.0/0', '::/0']);
      expect(await send(url, open)).toMatchObject({ text: 'reached' });
    });
  });

  it.each(urlsInside)('refuses %s as %s', async (url, rule) => {
    const { hostname } = new URL(url);
    const address = hostname.replace(/^\[|\]$/g, '');
    const failure = await failureOf(send(url, makeAgent([])));
    expect(failure).toBeInstanceOf(RefusedAddressError);
    expect(failure).toMatchObject({ rule, host: address, address });
    const secure = url.replace('http:', 'https:');
    expect(await failureOf(send(secure, makeAgent([])))).toMatchObject({
      rule,
    });
    expect(createGuard({ allow: [] }).checkUrl(secure)).toMatchObject({ rule });
  });

  it.each(answersInside)(
    'refuses a name that resolves to %j as %s',
    async (answer, rule) => {
      const receiver = await startReceiver();
      const agent = makeAgent([], { resolve: async () => answer });
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://hooks.example.test:${receiver.port}/`;
        const failure = await failureOf(send(url, agent));
        expect(failure).toBeInstanceOf(RefusedAddressError);
        expect(failure).toMatchObject({ rule, host: 'hooks.example.test' });
      }
      expect(receiver.connections).toBe(0);
    },
  );

  it.each([
    'http://[::1%25lo]:PORT/',
    'http://[::1%lo]:PORT/',
    'http://[fe80::1%25eth0]:PORT/',
    'http://127.0.0.1%00.example.com:PORT/',
    'http://127.0.0.1 .example.com:PORT/',
    'http://256.0.0.1:PORT/',
    'http://127.0.0.0.1:PORT/',
    'http://0x7f000001.0x1.0x1.0x1.0x1:PORT/',
    'http://[::1:PORT/',
    'http://[127.0.0.1]:PORT/',
    'unix:/var/run/docker.sock',
    'file:///etc/passwd',
  ])('cannot even read %j', async template => {
    const receiver = await startReceiver();
    const url = template.replace('PORT', String(receiver.port));
    await expect(send(url, makeAgent([]))).rejects.toThrow(/invalid/i);
    expect(receiver.connections).toBe(0);
  });

  it('refuses a name that resolves to something else once it was checked', async () => {
    const receiver = await startReceiver();
    const answers = [['8.8.8.8'], ['127.0.0.1']];
    const resolve = jest.fn(async () => answers.shift() ?? []);
    const guard = createGuard({ allow: [] });
    const host = 'hooks.example.test';

    await expect(resolveChecked(guard, host, resolve)).resolves.toEqual([
      '8.8.8.8',
    ]);
    const agent = makeAgent([], { resolve });
    const failure = await failureOf(
      send(`http://${host}:${receiver.port}/`, agent),
    );
    expect(failure).toMatchObject({ rule: 'loopback', address: '127.0.0.1' });
    expect(resolve).toHaveBeenCalledTimes(2);
    expect(receiver.connections).toBe(0);
  });

  it('connects to what it has checked, and resolves again for the next connection only', async () => {
    const receiver = await startReceiver((incoming, response) => {
      response.shouldKeepAlive = incoming.url !== '/last';
      response.end(incoming.socket.localAddress);
    });
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    const resolve = jest.fn(async () => answers.shift() ?? []);
    const agent = makeAgent(['127.0.0.1'], {
      resolve,
      connections: { connections: 1 },
    });
    const url = `http://hooks.example.test:${receiver.port}`;

    expect((await send(`${url}/first`, agent)).text).toMatch(/127\.0\.0\.1$/);
    expect((await send(`${url}/last`, agent)).text).toMatch(/127\.0\.0\.1$/);
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(await failureOf(send(`${url}/next`, agent))).toMatchObject({
      rule: 'loopback',
      address: '127.0.0.2',
    });
    expect(resolve).toHaveBeenCalledTimes(2);
    expect(receiver.connections).toBe(1);
  });

  it('goes on after a refusal', async () => {
    const receiver = await startReceiver();
    const answers = [['10.0.0.1'], ['127.0.0.1']];
    const agent = makeAgent(['127.0.0.1'], {
      resolve: async () => answers.shift() ?? [],
    });
    const url = `http://hooks.example.test:${receiver.port}/`;
    expect(await failureOf(send(url, agent))).toMatchObject({
      rule: 'private',
    });
    expect(await send(url, agent)).toMatchObject({ text: 'reached' });
  });

  it('tries the other addresses when one does not answer', async () => {
    const server = await listen(
      createServer((_, response) => response.end('reached')),
      '127.0.0.1',
    );
    servers.push(server);
    const agent = makeAgent(['127.0.0.0/8', '::1'], {
      resolve: async () => ['::1', '127.0.0.2', '127.0.0.1'],
    });
    expect(
      await send(`http://hooks.example.test:${server.port}/`, agent),
    ).toMatchObject({ text: 'reached' });
  });

  it('tells a name that does not resolve from one that is refused', async () => {
    const cause = new Error('getaddrinfo ENOTFOUND');
    const lost = makeAgent([], { resolve: () => Promise.reject(cause) });
    expect(await failureOf(send('http://hooks.example.test/', lost))).toBe(
      cause,
    );
    const empty = makeAgent([], { resolve: async () => [] });
    expect(
      await failureOf(send('http://hooks.example.test/', empty)),
    ).toMatchObject({ message: 'hooks.example.test has no address' });
  });

  it('says where it could not connect without the address', async () => {
    const { port } = await startReceiver();
    await servers.splice(0)[0].stop();
    const agent = makeAgent(['127.0.0.1'], {
      resolve: async () => ['127.0.0.1'],
    });
    expect(
      await failureOf(send(`http://hooks.example.test:${port}/`, agent)),
    ).toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED hooks.example.test:${port}`,
    });
  });

  it('does not wait for the lookups of others beyond the time limit', async () => {
    const asked: string[] = [];
    const resolve = shareLookups(host => {
      asked.push(host);
      return new Promise(() => {});
    });
    const agent = makeAgent([], { resolve, connectTimeLimitMs: 100 });
    const failures = ['a', 'b', 'c'].map(name =>
      failureOf(send(`http://${name}.example.test/`, agent)),
    );
    for (const failure of failures) {
      expect(await failure).toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
    }
    expect(asked).toEqual(['a.example.test', 'b.example.test']);
  });

  it('does not wait for a resolver beyond the time limit', async () => {
    const agent = makeAgent([], {
      resolve: () => new Promise(() => {}),
      connectTimeLimitMs: 100,
    });
    expect(
      await failureOf(send('http://hooks.example.test/', agent)),
    ).toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
  });
});

describe('a redirect to an address inside', () => {
  async function startRedirect() {
    const inside = await startReceiver();
    const target = `http://127.0.0.1:${inside.port}/secret`;
    const outside = await startReceiver((_, response) =>
      response.writeHead(302, { location: target }).end(),
    );
    const agent = makeAgent(['hooks.example.test'], {
      resolve: async () => ['127.0.0.1'],
    });
    const url = `http://hooks.example.test:${outside.port}/`;
    return { inside, outside, agent, url, target };
  }

  it('is an answer like others', async () => {
    const { inside, outside, agent, url, target } = await startRedirect();
    const { statusCode, headers } = await send(url, agent);
    expect(statusCode).toBe(302);
    expect(headers.location).toBe(target);
    expect(outside.connections).toBe(1);
    expect(inside.connections).toBe(0);
  });

  it('is refused when somebody follows it over this agent', async () => {
    const { inside, outside, agent, url } = await startRedirect();
    const following = request(url, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 3 })),
    });
    expect(await failureOf(following)).toMatchObject({ rule: 'loopback' });
    expect(await failureOf(fetch(url, { dispatcher: agent }))).toMatchObject({
      cause: expect.any(RefusedAddressError),
    });
    expect(outside.connections).toBeGreaterThan(0);
    expect(inside.connections).toBe(0);
  });
});

describe('what is on the allow-list', () => {
  it.each([
    ['a host', 'hooks.example.test', 'hooks.example.test'],
    ['hosts below a suffix', '*.example.test', 'hooks.example.test'],
    ['an address', '127.0.0.1', '127.0.0.1'],
    ['an address that a name resolves to', '127.0.0.1', 'hooks.example.test'],
    ['a CIDR', '127.0.0.0/8', '127.0.0.1'],
    ['a CIDR that a name resolves to', '127.0.0.0/8', 'hooks.example.test'],
    ['an IPv4 address in IPv6 form', '127.0.0.1', '[::ffff:127.0.0.1]'],
  ])('is reached: %s', async (_, entry, host) => {
    const receiver = await startReceiver();
    const agent = makeAgent([entry], { resolve: async () => ['127.0.0.1'] });
    const url = `http://${host}:${receiver.port}/`;
    expect(await send(url, agent)).toMatchObject({ text: 'reached' });
    expect(receiver.connections).toBe(1);
  });

  it('opens nothing else', async () => {
    const receiver = await startReceiver();
    const allow = ['other.example.test', '*.hooks.example.test', '127.0.0.2'];
    const agent = makeAgent(allow, { resolve: async () => ['127.0.0.1'] });
    for (const host of ['hooks.example.test', '127.0.0.1', '[::1]']) {
      expect(
        await failureOf(send(`http://${host}:${receiver.port}/`, agent)),
      ).toBeInstanceOf(RefusedAddressError);
    }
    expect(receiver.connections).toBe(0);
  });

  it('resolves names as the process does, unless told otherwise', async () => {
    const receiver = await startReceiver();
    const url = `http://localhost:${receiver.port}/`;
    const refusal = await failureOf(send(url, makeAgent([])));
    expect(refusal).toMatchObject({ rule: 'loopback', host: 'localhost' });
    expect(await send(url, makeAgent(['localhost']))).toMatchObject({
      text: 'reached',
    });
  });
});

describe('a host whose address was checked', () => {
  async function startSecureReceiver() {
    const names: unknown[] = [];
    const server = await listen(
      createTlsServer(certificate, (incoming, response) => {
        names.push(
          incoming.headers.host,
          incoming.socket instanceof TLSSocket && incoming.socket.servername,
        );
        response.end('reached');
      }),
    );
    servers.push(server);
    return { port: server.port, names };
  }
  const options: Partial<GuardedAgentOptions> = {
    resolve: async () => ['127.0.0.1'],
    tls: { ca: certificate.cert },
  };

  it('is asked for, and verified, by its name', async () => {
    const { port, names } = await startSecureReceiver();
    const agent = makeAgent(['127.0.0.1'], options);
    const url = `https://hooks.example.test:${port}/`;
    expect(await send(url, agent)).toMatchObject({ text: 'reached' });
    expect(names).toEqual([`hooks.example.test:${port}`, 'hooks.example.test']);
  });

  it('is refused with the certificate of another name', async () => {
    const { port, names } = await startSecureReceiver();
    const agent = makeAgent(['127.0.0.1'], options);
    expect(
      await failureOf(send(`https://other.example.test:${port}/`, agent)),
    ).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(names).toEqual([]);
  });

  it('is refused with a certificate that nobody vouches for', async () => {
    const { port, names } = await startSecureReceiver();
    const agent = makeAgent(['127.0.0.1'], { ...options, tls: {} });
    expect(
      await failureOf(send(`https://hooks.example.test:${port}/`, agent)),
    ).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(names).toEqual([]);
  });

  it('is verified by its address, if that is what the URL has', async () => {
    const { port } = await startSecureReceiver();
    const agent = makeAgent(['127.0.0.0/8'], options);
    expect(await send(`https://127.0.0.1:${port}/`, agent)).toMatchObject({
      text: 'reached',
    });
    expect(
      await failureOf(send(`https://127.0.0.2:${port}/`, agent)),
    ).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
