import { getEventListeners, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, buildConnector } from 'undici';
import { openAgent } from './__testUtils__/openAgent';
import { selfSigned } from './__testUtils__/selfSigned';
import {
  WebhookReceiver,
  type ReceiverAnswer,
  type WebhookReceiverOptions,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { sendRequest, type OutboundRequest } from './sendRequest';
import type { SendResult } from './SendResult';

/** Longer than any test takes; what is over earlier was not ended by it. */
const ampleMs = 60_000;
const body = new TextEncoder().encode('{"hello":"world"}');

const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) {
    await end();
  }
});

async function startReceiver(options?: WebhookReceiverOptions) {
  const receiver = new WebhookReceiver(options);
  ending.push(() => receiver.stop());
  return { receiver, url: await receiver.start() };
}

function startSender(options?: buildConnector.BuildOptions) {
  const { agent, readBytes } = openAgent(options);
  ending.push(() => agent.destroy());
  const send = (url: string, changes: Partial<OutboundRequest> = {}) =>
    sendRequest({
      dispatcher: agent,
      url,
      headers: { 'content-type': 'application/json' },
      body,
      timeLimitMs: ampleMs,
      ...changes,
    });
  return { send, readBytes };
}

/** Listens with plain TCP and does what it is told with each connection. */
async function startListener(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  ending.push(async () => {
    const closed = once(server, 'close');
    server.close();
    sockets.forEach(socket => socket.destroy());
    await closed;
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** undici uses a connection again one turn of the event loop after the answer. */
async function sendInTurn(count: number, send: () => Promise<SendResult>) {
  for (let times = 0; times < count; times += 1) {
    expect(await send()).toMatchObject({ kind: 'answered' });
    await nextTurn();
  }
}

function answer(
  status: number,
  headers?: Record<string, string>,
  text?: string | Uint8Array,
): ReceiverAnswer {
  return { kind: 'answer', status, headers, body: text };
}

function failure(result: SendResult) {
  return result.kind === 'failed'
    ? { reason: result.reason, message: result.message }
    : result;
}

describe('a request', () => {
  it('is a POST to the path and query, with the headers and the very bytes', async () => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await send(`${url}/hook/%C3%A4?token=a%20b#part`, {
      headers: { 'webhook-id': 'msg_1', 'X-Custom': 'yes' },
      body: bytes.subarray(10, 250),
    });
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        path: '/hook/%C3%A4?token=a%20b',
        body: Buffer.from(bytes.subarray(10, 250)),
        headers: {
          'webhook-id': 'msg_1',
          'x-custom': 'yes',
          'content-length': '240',
          host: new URL(url).host,
        },
      },
    ]);
  });

  it('may have no body', async () => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    await send(url, { body: new Uint8Array() });
    expect(receiver.requests).toMatchObject([
      { headers: { 'content-length': '0' }, body: Buffer.alloc(0) },
    ]);
  });

  it('asks for no compression, whatever the headers say', async () => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    await send(url, { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(receiver.requests[0].headers['accept-encoding']).toBe('identity');
  });

  it.each([
    ['a URL that is none', 'nowhere', {}],
    ['a URL of another scheme', 'ftp://127.0.0.1/', {}],
    ['a header with a line break', undefined, { a: 'b\r\nc: d' }],
    ['a header that undici keeps for itself', undefined, { upgrade: 'h2c' }],
  ])('that cannot be sent fails: %s', async (_, wrongUrl, headers) => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    const result = await send(wrongUrl ?? url, { headers });
    expect(failure(result)).toMatchObject({
      reason: 'other',
      message: expect.stringMatching(/^The request failed: ./),
    });
    expect(receiver.requests).toEqual([]);
  });
});

describe('an answer', () => {
  it.each([200, 201, 204, 400, 401, 404, 410, 413, 429, 500, 502, 503, 504])(
    'is told by its status: %s',
    async status => {
      const { url } = await startReceiver({ answer: answer(status) });
      const { send } = startSender();
      expect(await send(url)).toEqual({
        kind: 'answered',
        status,
        headers: {},
        body: '',
        cut: false,
        durationMs: expect.any(Number),
      });
    },
  );

  it.each([301, 302, 307, 308])('is not followed: %s', async status => {
    const { receiver: elsewhere, url: location } = await startReceiver();
    const { url } = await startReceiver({
      answer: answer(status, { location }),
    });
    const { send } = startSender();
    expect(await send(url)).toMatchObject({ kind: 'answered', status });
    expect(elsewhere.connections).toBe(0);
  });

  it('brings the headers that somebody looks at, cut, and its body', async () => {
    const { url } = await startReceiver({
      answer: answer(
        429,
        {
          'Retry-After': '120',
          'content-type': `text/plain; a=${'x'.repeat(1_000)}`,
          'set-cookie': 'a=b',
        },
        'Später, bitte',
      ),
    });
    const { send } = startSender();
    expect(await send(url)).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '120',
        'content-type': `text/plain; a=${'x'.repeat(242)}`,
      },
      body: 'Später, bitte',
      cut: false,
    });
  });

  it('is kept whole up to the limit, and the connection with it', async () => {
    const { receiver, url } = await startReceiver({
      answer: answer(200, {}, 'x'.repeat(16 * 1024)),
    });
    const { send } = startSender();
    const result = await send(url);
    expect(result).toMatchObject({ cut: false, body: 'x'.repeat(16 * 1024) });
    await nextTurn();
    await send(url);
    expect(receiver.connections).toBe(1);
  });

  it('is cut beyond the limit, between two characters', async () => {
    const { url } = await startReceiver({
      answer: answer(200, {}, 'ä'.repeat(100)),
    });
    const { send } = startSender();
    expect(await send(url, { maxAnswerBytes: 9 })).toMatchObject({
      status: 200,
      cut: true,
      body: 'ää'.repeat(2),
    });
  });

  it('of 100 MB is neither read nor buffered', async () => {
    const bytes = 100_000_000;
    const { receiver, url } = await startReceiver({
      answer: { kind: 'flood', status: 200, bytes },
    });
    const { send, readBytes } = startSender();
    await send(url);
    const before = process.memoryUsage.rss();
    for (let times = 0; times < 10; times += 1) {
      expect(await send(url)).toMatchObject({
        kind: 'answered',
        status: 200,
        cut: true,
        body: '.'.repeat(16 * 1024),
      });
    }
    const grownBy = process.memoryUsage.rss() - before;
    await Promise.all(receiver.requests.map(({ closed }) => closed));
    expect(receiver.requests).toHaveLength(11);
    // What a receiver can write is what the kernel holds for both sides, a few megabytes at most.
    expect(receiver.bytesWritten / 11).toBeLessThan(bytes / 8);
    expect(readBytes() / 11).toBeLessThan(1_000_000);
    expect(grownBy).toBeLessThan(bytes);
  });

  it('that is compressed is not decompressed: a bomb within the limit', async () => {
    const { url } = await startReceiver({
      answer: {
        kind: 'gzip bomb',
        status: 200,
        decompressedBytes: 10_000_000,
      },
    });
    const { send } = startSender();
    const result = await send(url);
    expect(result).toMatchObject({
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      cut: false,
      body: expect.stringContaining('\u001f\uFFFD'),
    });
    expect(result.kind === 'answered' && result.body.length).toBeLessThan(
      16 * 1024,
    );
  });

  it('that is compressed is not decompressed: a bomb of 10 GB', async () => {
    const { receiver, url } = await startReceiver({
      answer: {
        kind: 'gzip bomb',
        status: 500,
        decompressedBytes: 10_000_000_000,
      },
    });
    const { send, readBytes } = startSender();
    const before = process.memoryUsage.rss();
    expect(await send(url)).toMatchObject({ status: 500, cut: true });
    await receiver.requests[0].closed;
    expect(readBytes()).toBeLessThan(1_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
  });

  it('counts after informational ones', async () => {
    const url = await startListener(socket =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok',
        ),
      ),
    );
    const { send } = startSender();
    expect(await send(url)).toMatchObject({ status: 201, body: 'ok' });
  });

  it('may end with the connection', async () => {
    const url = await startListener(socket =>
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nold')),
    );
    const { send } = startSender();
    expect(await send(url)).toMatchObject({ status: 200, body: 'old' });
  });
});

describe('connections', () => {
  it.each([200, 302, 429, 500])(
    'are used again when an answer was read to its end: %s',
    async status => {
      const { receiver, url } = await startReceiver({
        answer: answer(status, {}, 'thanks'),
      });
      const { send } = startSender();
      await sendInTurn(5, () => send(url));
      expect(receiver.requests).toHaveLength(5);
      expect(receiver.connections).toBe(1);
    },
  );

  it('are used again with TLS', async () => {
    const { receiver, url } = await startReceiver({ tls: selfSigned });
    const { send } = startSender({ ca: selfSigned.cert });
    await sendInTurn(5, () => send(url));
    expect(receiver.connections).toBe(1);
  });

  it('are as few as the dispatcher says, and waiting for one counts towards the time limit', async () => {
    const { receiver, url } = await startReceiver({
      answer: { kind: 'answer', status: 200, afterMs: 300 },
    });
    const agent = new Agent({ connections: 1 });
    ending.push(() => agent.destroy());
    const send = (path: string, timeLimitMs: number) =>
      sendRequest({
        dispatcher: agent,
        url: `${url}${path}`,
        headers: {},
        body,
        timeLimitMs,
      });
    const first = send('/first', ampleMs);
    expect(failure(await send('/second', 100))).toEqual({
      reason: 'timed out',
      message: 'No connection within 100 ms',
    });
    const third = send('/third', ampleMs);
    expect(await first).toMatchObject({ kind: 'answered' });
    expect(await third).toMatchObject({ kind: 'answered' });
    expect(receiver.requests.map(({ path }) => path)).toEqual([
      '/first',
      '/third',
    ]);
    expect(receiver.connections).toBe(1);
  });

  it('are dropped with an answer that was cut', async () => {
    const { receiver, url } = await startReceiver({
      answer: answer(200, {}, 'x'.repeat(17 * 1024)),
    });
    const { send } = startSender();
    await sendInTurn(2, () => send(url));
    const [first, second] = receiver.requests;
    expect(second.connection).not.toBe(first.connection);
  });
});

describe('the time limit', () => {
  it('ends waiting for headers', async () => {
    const { receiver, url } = await startReceiver({ answer: { kind: 'hang' } });
    const { send } = startSender();
    const result = await send(url, { timeLimitMs: 200 });
    expect(failure(result)).toEqual({
      reason: 'timed out',
      message: 'No answer within 200 ms',
    });
    expect(result.durationMs).toBeGreaterThanOrEqual(195);
    await receiver.requests[0].closed;
  });

  it('ends a body that drips', async () => {
    const { receiver, url } = await startReceiver({
      answer: { kind: 'drip', status: 200, everyMs: 10 },
    });
    const { send } = startSender();
    const result = await send(url, { timeLimitMs: 200 });
    expect(failure(result)).toEqual({
      reason: 'timed out',
      message: 'Answered 200, but the answer did not end within 200 ms',
    });
    await receiver.requests[0].closed;
  });

  it('ends connecting, and nothing is sent by a connection that comes too late', async () => {
    const { receiver, url } = await startReceiver();
    const connect = buildConnector({});
    let connectNow = () => {};
    const agent = new Agent({
      connect: (target, callback) => {
        connectNow = () => connect(target, callback);
      },
    });
    ending.push(() => agent.destroy());
    const result = await sendRequest({
      dispatcher: agent,
      url,
      headers: {},
      body,
      timeLimitMs: 200,
    });
    expect(failure(result)).toEqual({
      reason: 'timed out',
      message: 'No connection within 200 ms',
    });
    const { send } = startSender();
    connectNow();
    await once(agent, 'connect');
    await send(`${url}/later`);
    await receiver.waitFor(1);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/later']);
  });
});

describe('giving up by the signal', () => {
  it('ends an exchange and drops its connection', async () => {
    const { receiver, url } = await startReceiver({ answer: { kind: 'hang' } });
    const { send } = startSender();
    const controller = new AbortController();
    const sent = send(url, { signal: controller.signal });
    await receiver.waitFor(1);
    controller.abort();
    expect(await sent).toEqual({
      kind: 'cancelled',
      durationMs: expect.any(Number),
    });
    await receiver.requests[0].closed;
  });

  it('beforehand sends nothing', async () => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    const result = await send(url, { signal: AbortSignal.abort() });
    expect(result.kind).toBe('cancelled');
    await send(`${url}/later`);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/later']);
    expect(receiver.connections).toBe(1);
  });

  it('afterwards changes nothing', async () => {
    const { receiver, url } = await startReceiver();
    const { send } = startSender();
    const controller = new AbortController();
    await send(url, { signal: controller.signal });
    // A signal outlives the many requests that it could end.
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    await nextTurn();
    await send(url);
    expect(receiver.connections).toBe(1);
  });
});

describe('a failure', () => {
  it('is told: nobody listens', async () => {
    const { receiver, url } = await startReceiver();
    await receiver.stop();
    const { send } = startSender();
    expect(failure(await send(url))).toEqual({
      reason: 'refused',
      message: expect.stringMatching(
        /^The connection was refused: connect ECONNREFUSED/,
      ),
    });
  });

  it('is told: reset before an answer', async () => {
    const { url } = await startReceiver({ answer: { kind: 'reset' } });
    const { send } = startSender();
    expect(failure(await send(url))).toMatchObject({ reason: 'reset' });
  });

  it('is told: reset mid-answer', async () => {
    const { url } = await startReceiver({
      answer: { kind: 'reset', status: 200 },
    });
    const { send } = startSender();
    expect(failure(await send(url))).toMatchObject({ reason: 'reset' });
  });

  it('is told: reset after an informational answer, which is none', async () => {
    const url = await startListener(socket =>
      socket.once('data', () => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')),
    );
    const { send } = startSender();
    expect(failure(await send(url))).toEqual({
      reason: 'reset',
      message: expect.stringMatching(/^The receiver closed the connection/),
    });
  });

  it('is told: closed mid-answer, with TLS', async () => {
    const { url } = await startReceiver({
      tls: selfSigned,
      answer: { kind: 'reset', status: 200 },
    });
    const { send } = startSender({ ca: selfSigned.cert });
    expect(failure(await send(url))).toEqual({
      reason: 'reset',
      message: expect.stringMatching(/^Answered 200, but: /),
    });
  });

  it('is told: a name without an address', async () => {
    const { send } = startSender();
    // Reserved to have none (RFC 6761, section 6.4).
    expect(failure(await send('http://receiver.invalid/'))).toMatchObject({
      reason: 'unresolved',
    });
  });

  it('is told: a certificate that nobody vouches for', async () => {
    const { receiver, url } = await startReceiver({ tls: selfSigned });
    const { send } = startSender();
    expect(failure(await send(url))).toMatchObject({
      reason: 'tls',
      message: expect.stringMatching(/^TLS failed: self-signed certificate/),
    });
    expect(receiver.requests).toEqual([]);
  });

  it('is told: a certificate of another name', async () => {
    const { url } = await startReceiver({ tls: selfSigned });
    const { send } = startSender({
      ca: selfSigned.cert,
      servername: 'example.com',
    });
    expect(failure(await send(url))).toMatchObject({ reason: 'tls' });
  });

  it('is told: no TLS at the other end', async () => {
    const { url } = await startReceiver();
    const { send } = startSender();
    expect(failure(await send(url.replace('http:', 'https:')))).toMatchObject({
      reason: 'tls',
    });
  });

  it('is told: an address that the guard refuses', async () => {
    const refused = new Error('10.0.0.1 is private');
    refused.name = 'RefusedAddressError';
    const { send } = startSender({
      lookup: (_host, _options, callback) =>
        callback(new Error('lookup failed', { cause: refused }), ''),
    });
    expect(failure(await send('http://localhost/'))).toEqual({
      reason: 'forbidden address',
      message: 'The address is not allowed: 10.0.0.1 is private',
    });
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(100_000)}`],
    [
      'lengths that contradict each other',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is told: %s', async (_, text) => {
    const url = await startListener(socket =>
      socket.once('data', () => socket.write(text)),
    );
    const { send } = startSender();
    expect(failure(await send(url))).toMatchObject({
      reason: 'malformed answer',
    });
  });

  it('is told: a dispatcher that was closed', async () => {
    const { url } = await startReceiver();
    const agent = new Agent();
    await agent.close();
    const result = await sendRequest({
      dispatcher: agent,
      url,
      headers: {},
      body,
      timeLimitMs: ampleMs,
    });
    expect(failure(result)).toMatchObject({ reason: 'other' });
  });
});
