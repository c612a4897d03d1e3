import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { request, type Agent } from 'undici';
import { certificate } from './__testUtils__/certificate';
import { listen } from './__testUtils__/listen';
import { createGuard } from './createGuard';
import {
  createGuardedAgent,
  type GuardedAgentOptions,
} from './createGuardedAgent';
import { RefusedAddressError } from './RefusedAddressError';

type Listening = Awaited<ReturnType<typeof listen>>;

const agents: Agent[] = [];
const servers: Listening[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(agent => agent.destroy()));
  await Promise.all(servers.splice(0).map(server => server.stop()));
});

/** Starts a proxy that connects everybody with one port, whatever they ask for, and notes what they asked for. */
async function startProxy(targetPort: number, refused: string[] = []) {
  const asked: (string | undefined)[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer();
  server.on('connect', (incoming, socket, head) => {
    asked.push(incoming.url);
    credentials.push(incoming.headers['proxy-authorization']);
    if (refused.includes(String(incoming.url))) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const onward = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const listening = await listen(server, '127.0.0.1');
  servers.push(listening);
  const url = `http://127.0.0.1:${listening.port}`;
  return { url, asked, credentials };
}

async function startReceiver() {
  const listening = await listen(
    createServer((incoming, response) => response.end(incoming.headers.host)),
    '127.0.0.1',
  );
  servers.push(listening);
  return listening;
}

function makeAgent(
  allow: readonly string[],
  options: Omit<GuardedAgentOptions, 'guard'>,
): Agent {
  const guard = createGuard({ allow, allowHttp: true });
  const agent = createGuardedAgent({ guard, ...options });
  agents.push(agent);
  return agent;
}

async function send(url: string, dispatcher: Agent) {
  const { body } = await request(url, {
    method: 'POST',
    body: '{}',
    dispatcher,
  });
  return body.text();
}

describe('a tunnel through a proxy', () => {
  it('leads to the checked address, and the request is for the host', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const agent = makeAgent([], {
      proxy: { url: proxy.url, authorization: 'Basic YTpi' },
      resolve: async () => ['8.8.8.8'],
      connections: { connections: 1 },
    });
    const url = 'http://hooks.example.test/';
    expect(await send(url, agent)).toBe('hooks.example.test');
    // The connection is kept.
    expect(await send(url, agent)).toBe('hooks.example.test');
    expect(proxy.asked).toEqual(['8.8.8.8:80']);
    expect(proxy.credentials).toEqual(['Basic YTpi']);
    expect(receiver.connections).toBe(1);
  });

  it('is not asked for when the target is refused', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const agent = makeAgent([], {
      proxy,
      resolve: async () => ['8.8.8.8', '10.0.0.1'],
    });
    for (const url of [
      'http://hooks.example.test/',
      'https://hooks.example.test/',
      'http://127.0.0.1/',
      'https://[::1]/',
    ]) {
      await expect(send(url, agent)).rejects.toBeInstanceOf(
        RefusedAddressError,
      );
    }
    expect(proxy.asked).toEqual([]);
  });

  it('is tried for each address until the proxy opens one', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port, ['[2606:4700::1111]:8080']);
    const agent = makeAgent([], {
      proxy,
      resolve: async () => ['2606:4700::1111', '8.8.8.8'],
    });
    await send('http://hooks.example.test:8080/', agent);
    expect(proxy.asked).toEqual(['[2606:4700::1111]:8080', '8.8.8.8:8080']);
  });

  it('says so when the proxy opens none', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port, ['8.8.8.8:80', '1.1.1.1:80']);
    const answers = [['8.8.8.8'], ['8.8.8.8', '1.1.1.1']];
    const agent = makeAgent([], {
      proxy,
      resolve: async () => answers.shift() ?? [],
    });
    const url = 'http://hooks.example.test/';
    await expect(send(url, agent)).rejects.toThrow(
      'The proxy answered 403 to CONNECT hooks.example.test:80',
    );
    await expect(send(url, agent)).rejects.toThrow(
      'The proxy opened no tunnel to hooks.example.test',
    );
    expect(receiver.connections).toBe(0);
  });

  it('is asked for by name when the name is on the allow-list', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const resolve = jest.fn(async () => []);
    const agent = makeAgent(['hooks.example.test'], { proxy, resolve });
    await send('http://hooks.example.test/', agent);
    expect(proxy.asked).toEqual(['hooks.example.test:80']);
    expect(resolve).not.toHaveBeenCalled();
  });

  it('carries TLS with the host, by its name', async () => {
    const receiver = await listen(
      createTlsServer(certificate, (incoming, response) =>
        response.end(incoming.headers.host),
      ),
      '127.0.0.1',
    );
    servers.push(receiver);
    const proxy = await startProxy(receiver.port);
    const agent = makeAgent([], {
      proxy,
      resolve: async () => ['8.8.8.8'],
      tls: { ca: certificate.cert },
    });
    expect(await send('https://hooks.example.test/', agent)).toBe(
      'hooks.example.test',
    );
    await expect(
      send('https://other.example.test/', agent),
    ).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(proxy.asked).toEqual(['8.8.8.8:443', '8.8.8.8:443']);
  });

  it('is not waited for beyond the time limit', async () => {
    const silent = await listen(createServer().on('connect', () => {}));
    servers.push(silent);
    const late = { connectTimeLimitMs: 100 };
    const proxy = { url: `http://127.0.0.1:${silent.port}` };
    const timeout = { code: 'UND_ERR_CONNECT_TIMEOUT' };
    await expect(
      send('http://8.8.8.8/', makeAgent([], { proxy, ...late })),
    ).rejects.toMatchObject(timeout);
    const resolve = () => new Promise<never>(() => {});
    await expect(
      send(
        'http://hooks.example.test/',
        makeAgent([], { proxy, resolve, ...late }),
      ),
    ).rejects.toMatchObject(timeout);
  });

  it('fails when the proxy is away', async () => {
    const gone = await startReceiver();
    const url = `http://127.0.0.1:${gone.port}`;
    await servers.splice(0)[0].stop();
    await expect(
      send('http://8.8.8.8/', makeAgent([], { proxy: { url } })),
    ).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED the proxy:${gone.port}`,
    });
  });

  it('needs a URL of the proxy that can be read', () => {
    expect(() => makeAgent([], { proxy: { url: 'proxy' } })).toThrow(
      'Invalid URL',
    );
  });
});
