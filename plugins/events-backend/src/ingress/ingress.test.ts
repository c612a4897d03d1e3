import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { createBackendModule } from '@backstage/backend-plugin-api';
import { eventsExtensionPoint } from '@backstage/plugin-events-node/alpha';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { startPortal } from '../__testUtils__/startPortal';

const stores = createTestStores();
const megabyte = 1024 * 1024;

interface StoredEvent {
  topic: string;
  payload: string;
  metadata: string;
  key: string | null;
  deduplication_id: string | null;
}

async function openIngress(
  storeId: StoreId,
  http: {
    topics?: string[];
    ingresses?: object[];
    maxBodyBytes?: number;
    maxHeldBytes?: number;
  },
  modules: Parameters<typeof startPortal>[0]['modules'] = [],
) {
  const knex = await stores.openEmpty(storeId);
  const portal = await startPortal({
    knex,
    modules,
    config: { events: { http: { ...http } } },
  });
  return {
    ...portal,
    port: Number(new URL(portal.url).port),
    post: (
      topic: string,
      body: string | Buffer | undefined,
      headers: Record<string, string> = {
        'content-type': 'application/json',
      },
    ) =>
      fetch(`${portal.url}/http/${topic}`, {
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : body && new Uint8Array(body),
      }),
    readLog: (): Promise<StoredEvent[]> =>
      knex('callboard_events as e')
        .join('callboard_contents as c', 'c.position', 'e.content_position')
        .select('e.*', 'c.payload', 'c.metadata')
        .orderBy('e.position'),
  };
}

/** Posts a body in pieces, without a content length unless one is given. */
function postInPieces(
  url: string,
  pieces: AsyncIterable<Buffer>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      resolve,
    );
    outgoing.on('error', reject);
    Readable.from(pieces).pipe(outgoing);
  });
}

describe.each(stores.ids)('an ingress on %s', storeId => {
  it('stores what was posted before it answers, with the headers as metadata', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const response = await ingress.post('whatever', '{"a":[1,"ü"]}', {
      'content-type': 'application/json; charset=utf-8',
      'X-Thing': 'Value',
    });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'accepted' });
    const [event] = await ingress.readLog();
    expect(JSON.parse(event.payload)).toEqual({ a: [1, 'ü'] });
    expect(JSON.parse(event.metadata)).toMatchObject({
      'x-thing': 'Value',
      'callboard-event-source': 'http/whatever',
    });
    await ingress.stop();
  });

  it('stores no credentials, and takes no name of its own from outside', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const id = '018f0000-0000-7000-8000-000000000000';
    await ingress.post('whatever', '{}', {
      'content-type': 'application/json',
      authorization: 'Bearer hush',
      cookie: 'session=hush',
      'x-gitlab-token': 'hush',
      'x-hub-signature-256': 'hush',
      'x-api-key': 'hush',
      'callboard-event-id': id,
      'callboard-event-key': 'hush',
    });
    const [event] = await ingress.readLog();
    expect(event.metadata).not.toContain('hush');
    expect(event).toMatchObject({ key: null });
    expect(event).not.toMatchObject({ id });
    await ingress.stop();
  });

  it.each([
    ['a body that is not JSON', '{"a":', 'application/json', 400],
    ['no body', undefined, 'application/json', 400],
    ['an empty body', '', 'application/json', 400],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x22, 0xff, 0x22]),
      'application/json',
      400,
    ],
    ['no content type', '{}', '', 415],
    ['an unknown content type', '{}', 'application/x-yaml', 415],
    ['a content type that is no content type', '{}', ';;;', 415],
    ['an unknown charset', '{}', 'application/json; charset=klingon', 415],
    [
      'a charset that holds no text',
      '{}',
      'application/json; charset=hex',
      415,
    ],
  ])(
    'answers %s with a clear refusal and stores nothing',
    async (_, body, contentType, status) => {
      const ingress = await openIngress(storeId, { topics: ['whatever'] });
      const response = await ingress.post(
        'whatever',
        typeof body === 'string' ? Buffer.from(body) : body,
        contentType ? { 'content-type': contentType } : {},
      );
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({
        error: { message: expect.stringMatching(/\w+ \w+/) },
      });
      expect(await ingress.readLog()).toEqual([]);
      await ingress.stop();
    },
  );

  it('has no door for a topic that is not configured', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    expect((await ingress.post('other', '{}')).status).toBe(404);
    expect((await ingress.post('__proto__', '{}')).status).toBe(404);
    expect(await ingress.readLog()).toEqual([]);
    await ingress.stop();
  });

  it('takes 25 MB, and refuses more with 413, however it is sent', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const fits = Buffer.from(JSON.stringify('x'.repeat(25 * megabyte - 2)));
    const tooLarge = Buffer.from(JSON.stringify('x'.repeat(26 * megabyte)));
    expect((await ingress.post('whatever', fits)).status).toBe(202);
    expect((await ingress.post('whatever', tooLarge)).status).toBe(413);
    const chunked = await postInPieces(
      `${ingress.url}/http/whatever`,
      Readable.from([
        tooLarge.subarray(0, megabyte),
        tooLarge.subarray(megabyte),
      ]),
    );
    expect(chunked.statusCode).toBe(413);
    chunked.resume();
    const bomb = await ingress.post('whatever', gzipSync(tooLarge), {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    });
    expect(bomb.status).toBe(413);
    expect(await ingress.readLog()).toHaveLength(1);
    await ingress.stop();
  });

  it.each(['whole', 'gzip'])(
    'answers 503 when it holds as many bodies as it may, and takes more when they are gone: %s',
    async kind => {
      const ingress = await openIngress(storeId, {
        topics: ['whatever'],
        maxBodyBytes: megabyte,
        maxHeldBytes: megabyte,
      });
      const json = Buffer.from(JSON.stringify('x'.repeat(megabyte - 2)));
      const compressed = gzipSync(json);
      const [text, headers] =
        kind === 'gzip'
          ? [compressed, { 'content-encoding': 'gzip' }]
          : [json, {}];
      // All of it but the end, from a sender that takes its time.
      const slow = httpRequest(`${ingress.url}/http/whatever`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      });
      slow.on('error', () => {});
      slow.write(text.subarray(0, -20));
      // Long enough to need more room than is left, and not JSON.
      const other = '{'.repeat(megabyte / 8);
      let refused = await ingress.post('whatever', other);
      while (refused.status !== 503) {
        expect(refused.status).toBe(400);
        refused = await ingress.post('whatever', other);
      }
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({
        error: { message: expect.stringContaining('events.http.maxHeldBytes') },
      });
      slow.destroy();
      let answer = await ingress.post('whatever', json);
      while (answer.status !== 202) {
        expect(answer.status).toBe(503);
        answer = await ingress.post('whatever', json);
      }
      // What was answered is held no more.
      expect((await ingress.post('whatever', json)).status).toBe(202);
      await ingress.stop();
    },
  );

  it('gives no room to a body that it refused, even if its sender stalls', async () => {
    const ingress = await openIngress(storeId, {
      topics: ['whatever'],
      maxBodyBytes: megabyte,
      maxHeldBytes: megabyte,
    });
    const stalled = ['x', 'y'].map(character => {
      const request = httpRequest(`${ingress.url}/http/whatever`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      request.on('error', () => {});
      request.write(character.repeat(0.6 * megabyte));
      return request;
    });
    // Beside one of the two, but not beside both.
    const body = JSON.stringify('z'.repeat(0.3 * megabyte));
    for (let taken = 0; taken < 5; ) {
      const { status } = await ingress.post('whatever', body);
      taken = status === 202 ? taken + 1 : 0;
    }
    stalled.forEach(request => request.destroy());
    await ingress.stop();
  });

  it('gives no room to what is announced and does not come', async () => {
    const ingress = await openIngress(storeId, {
      topics: ['whatever'],
      maxBodyBytes: megabyte,
      maxHeldBytes: megabyte,
    });
    const idle = createConnection(ingress.port, '127.0.0.1');
    await new Promise<void>(resolve =>
      idle.write(
        `POST /api/events/http/whatever HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${megabyte}\r\n\r\n{`,
        () => resolve(),
      ),
    );
    const body = JSON.stringify('x'.repeat(megabyte - 100));
    expect((await ingress.post('whatever', body)).status).toBe(202);
    idle.destroy();
    await ingress.stop();
  });

  it.each([
    ['gzip', 400],
    ['br', 415],
  ])(
    'refuses a body that says it is %s, and is not or is not read here',
    async (encoding, status) => {
      const ingress = await openIngress(storeId, { topics: ['whatever'] });
      const response = await ingress.post('whatever', '{}', {
        'content-type': 'application/json',
        'content-encoding': encoding,
      });
      expect(response.status).toBe(status);
      expect(await ingress.readLog()).toEqual([]);
      await ingress.stop();
    },
  );

  it('reads a sender that is slow and sends chunks', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const body = Buffer.from(JSON.stringify('x'.repeat(6 * megabyte)));
    async function* drip() {
      const size = Math.ceil(body.length / 40);
      for (let start = 0; start < body.length; start += size) {
        yield body.subarray(start, start + size);
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    }
    const response = await postInPieces(`${ingress.url}/http/whatever`, drip());
    response.resume();
    expect(response.statusCode).toBe(202);
    const [event] = await ingress.readLog();
    expect(event.payload).toHaveLength(body.length);
    await ingress.stop();
  });

  it('stores nothing of a body that stops half-way', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    await new Promise<void>((resolve, reject) => {
      const socket = createConnection(ingress.port, '127.0.0.1', () => {
        socket.write(
          'POST /api/events/http/whatever HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a":1}',
          () => socket.destroy(),
        );
      });
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
    // A request behind it is answered only after the broken one was dealt with or dropped.
    expect((await ingress.post('whatever', '"next"')).status).toBe(202);
    expect((await ingress.readLog()).map(({ payload }) => payload)).toEqual([
      '"next"',
    ]);
    await ingress.stop();
  });

  it('stores unusual JSON as data', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const bodies = [
      `${'['.repeat(100)}${']'.repeat(100)}`,
      '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}',
      '{"text":"\\u0000 \\ud800 😀"}',
      'null',
      '""',
    ];
    for (const body of bodies) {
      expect((await ingress.post('whatever', body)).status).toBe(202);
    }
    const log = await ingress.readLog();
    expect(log.map(({ payload }) => JSON.parse(payload))).toEqual(
      bodies.map(body => JSON.parse(body)),
    );
    expect(log[1].payload).toBe(bodies[1]);
    expect({}).not.toHaveProperty('polluted');
    await ingress.stop();
  });

  it('refuses JSON that is nested too deeply to be written again', async () => {
    const ingress = await openIngress(storeId, { topics: ['whatever'] });
    const depth = 1_000_000;
    const response = await ingress.post(
      'whatever',
      '['.repeat(depth) + ']'.repeat(depth),
    );
    expect(response.status).toBe(400);
    expect(await ingress.readLog()).toEqual([]);
    await ingress.stop();
  });

  it('checks the proof that the configuration demands', async () => {
    const ingress = await openIngress(storeId, {
      ingresses: [
        {
          topic: 'signed',
          hmac: {
            secret: ['new', 'old'],
            header: 'X-Signature',
            algorithm: 'sha512',
            encoding: 'base64',
            prefix: 'v0=',
          },
          keyHeader: 'X-Key',
          deduplicationHeader: 'X-Delivery',
        },
        { topic: 'token', token: { secret: 'hush', header: 'X-Token' } },
        { topic: 'basic', basicAuth: { username: 'u', password: 'p:w' } },
      ],
    });
    const sign = (secret: string) =>
      `v0=${createHmac('sha512', secret).update('{}').digest('base64')}`;
    const post = async (topic: string, headers: Record<string, string>) => {
      const response = await ingress.post(topic, '{}', {
        'content-type': 'application/json',
        ...headers,
      });
      return response.status;
    };
    const basic = (text: string) => Buffer.from(text).toString('base64');

    const identity = { 'x-key': 'k', 'x-delivery': 'd' };
    expect(
      await post('signed', { 'x-signature': sign('new'), ...identity }),
    ).toBe(202);
    expect(
      await post('signed', { 'x-signature': sign('old'), ...identity }),
    ).toBe(202);
    expect(await post('signed', { 'x-signature': sign('other') })).toBe(403);
    expect(await post('signed', {})).toBe(403);
    expect(await post('token', { 'x-token': 'hush' })).toBe(202);
    expect(await post('token', { 'x-token': 'Hush' })).toBe(403);
    expect(
      await post('basic', { authorization: `Basic ${basic('u:p:w')}` }),
    ).toBe(202);
    expect(
      await post('basic', { authorization: `basic ${basic('u:p:w')}` }),
    ).toBe(202);
    expect(
      await post('basic', { authorization: `Basic ${basic('u:p')}` }),
    ).toBe(403);
    expect(await post('basic', {})).toBe(403);

    expect(
      (await ingress.readLog()).map(row => [
        row.topic,
        row.key,
        row.deduplication_id,
      ]),
    ).toEqual([
      ['signed', 'k', 'd'],
      ['token', null, null],
      ['basic', null, null],
      ['basic', null, null],
    ]);
    await ingress.stop();
  });

  it('stores no header that a proof is read from, whatever it is called', async () => {
    const ingress = await openIngress(storeId, {
      ingresses: [
        { topic: 'odd', token: { secret: 'hush', header: 'X-Webhook-Word' } },
      ],
    });
    const response = await ingress.post('odd', '{}', {
      'content-type': 'application/json',
      'x-webhook-word': 'hush',
      'x-functions-key': 'hush',
      'x-amzn-oidc-data': 'hush',
    });
    expect(response.status).toBe(202);
    const [event] = await ingress.readLog();
    expect(event.metadata).not.toContain('hush');
    await ingress.stop();
  });

  it('stays closed for a topic whose module is configured but has not started', async () => {
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      config: {
        events: {
          http: { topics: ['github'] },
          modules: { github: { webhookSecret: 'hush' } },
        },
      },
    });
    const response = await fetch(`${portal.url}/http/github`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(response.status).toBe(403);
    expect(await knex('callboard_events')).toEqual([]);
    await portal.stop();
  });

  it('asks the validators and body parsers of the stock extension point', async () => {
    const stock = createBackendModule({
      pluginId: 'events',
      moduleId: 'stock-style',
      register(env) {
        env.registerInit({
          deps: { extension: eventsExtensionPoint },
          async init({ extension }) {
            extension.addHttpPostIngress({
              topic: 'picky',
              validator: async (request, context) => {
                const { raw, body, headers } = request;
                if (raw.body.toString(raw.encoding) !== '{"a":1}') {
                  context.reject({ status: 422, payload: { seen: body } });
                } else if (headers['x-well'] !== 'behaved') {
                  context.reject();
                }
              },
            });
            extension.addHttpPostBodyParser({
              contentType: 'text/plain',
              parser: async request => ({
                bodyParsed: { text: String(request.body) },
                bodyBuffer: request.body,
                encoding: 'utf-8',
              }),
            });
          },
        });
      },
    });
    const ingress = await openIngress(storeId, { topics: ['lines'] }, [stock]);
    const json = { 'content-type': 'application/json' };
    const good = await ingress.post('picky', '{"a":1}', {
      ...json,
      'x-well': 'behaved',
    });
    const rude = await ingress.post('picky', '{"a":1}', json);
    const wrong = await ingress.post('picky', '{"a":2}', json);
    const text = await ingress.post('lines', 'one', {
      'content-type': 'text/plain',
    });
    expect([good.status, rude.status, wrong.status, text.status]).toEqual([
      202, 403, 422, 202,
    ]);
    expect(await rude.json()).toEqual({});
    expect(await wrong.json()).toEqual({ seen: { a: 2 } });
    expect((await ingress.readLog()).map(({ payload }) => payload)).toEqual([
      '{"a":1}',
      '{"text":"one"}',
    ]);
    await ingress.stop();
  });
});
