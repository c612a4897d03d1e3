import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mockCredentials } from '@backstage/backend-test-utils';
import type { EventParams } from '@backstage/plugin-events-node';
import type { JsonObject } from '@backstage/types';
import {
  eventsAfterPageSchema,
  type WholeEvent,
} from '@callboard/backstage-plugin-events-common';
import {
  createEventParams,
  isDurable,
} from '@callboard/backstage-plugin-events-node';
import fc from 'fast-check';
import { createParticipant } from '../__testUtils__/createParticipant';
import { startPortal } from '../__testUtils__/startPortal';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { StreamClient } from '../__testUtils__/StreamClient';
import { postgres } from '../database/dialects/postgres';
import { sqlite } from '../database/dialects/sqlite';
import { trimEvents } from '../log/operations/trimEvents';
import { EventStreams } from './EventStreams';

const stores = createTestStores();
const megabyte = 1024 * 1024;
const service = { authorization: mockCredentials.service.header() };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function start(storeId: StoreId, streams: JsonObject = {}) {
  const knex = await stores.openEmpty(storeId);
  const alpha = createParticipant('alpha');
  const portal = await startPortal({
    knex,
    config: { events: { streams } },
    features: [alpha.feature],
  });
  cleanups.push(portal.stop);
  const events = await alpha.events;
  if (!isDurable(events)) {
    throw new Error('This is not the events service of Callboard');
  }
  const sockets: Socket[] = [];
  portal.server.on('connection', socket => sockets.push(socket));
  return {
    ...portal,
    knex,
    /** The server's ends of all connections. */
    sockets,
    publish: (...params: EventParams[]) => events.publishAll(params),
    trim: (upTo: number) =>
      trimEvents(
        {
          knex,
          dialect: knex.client.config.client === 'pg' ? postgres : sqlite,
        },
        upTo,
        1_000,
      ),
    createClient(query = '') {
      const client = new StreamClient(
        `${portal.url}/v1/stream${query}`,
        service,
      );
      cleanups.push(() => client.drop());
      return client;
    },
    /** Connects without a word of HTTP in between, and reads only what it is told to. */
    async connectRaw(query = '') {
      const { port, hostname, pathname } = new URL(`${portal.url}/v1/stream`);
      const socket = connect(Number(port), hostname);
      cleanups.push(async () => socket.destroy());
      await once(socket, 'connect');
      socket.pause();
      socket.write(
        `GET ${pathname}${query} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${service.authorization}\r\n\r\n`,
      );
      return socket;
    },
    async poll(query: string) {
      const response = await fetch(`${portal.url}/v1/events?${query}`, {
        headers: service,
      });
      expect(response.status).toBe(200);
      return eventsAfterPageSchema.parse(await response.json());
    },
    get: (path: string, headers: Record<string, string> = service) =>
      fetch(`${portal.url}/v1${path}`, { headers }),
  };
}

function numbered(topic: string, from: number, to: number): EventParams[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    topic,
    eventPayload: from + index,
  }));
}

function payloads(events: readonly WholeEvent[]) {
  return events.map(({ payload }) => payload);
}

function range(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe.each(stores.ids)('a stream on %s', storeId => {
  it('gives whole events as they come, from the next on', async () => {
    const { createClient, publish } = await start(storeId);
    await publish({ topic: 'a', eventPayload: 'before' });
    const client = createClient();
    const response = await client.connect();
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(response.headers['cache-control']).toContain('no-transform');
    expect(response.headers['x-accel-buffering']).toBe('no');
    await publish(
      createEventParams({
        topic: 'a',
        eventPayload: { text: 'one\ntwo\r\n\u2028', list: [1, null] },
        metadata: { header: ['x', 'y'] },
        key: 'k',
      }),
    );
    await client.until(() => client.events.length > 0);
    expect(client.events).toEqual([
      {
        id: expect.any(String),
        position: 2,
        topic: 'a',
        key: 'k',
        time: expect.any(String),
        size: expect.any(Number),
        payload: { text: 'one\ntwo\r\n\u2028', list: [1, null] },
        metadata: expect.objectContaining({ header: ['x', 'y'] }),
      },
    ]);
    expect(client.lastEventId).toBe('2');
  });

  it('starts with the oldest event, or behind a position', async () => {
    const { createClient, publish } = await start(storeId);
    await publish(...numbered('a', 1, 500));
    const whole = createClient('?after=beginning');
    await whole.connect();
    await whole.until(() => whole.events.length >= 500);
    expect(payloads(whole.events)).toEqual(range(1, 500));

    const part = createClient('?after=497');
    await part.connect();
    await part.until(() => part.events.length >= 3);
    expect(payloads(part.events)).toEqual([498, 499, 500]);
  });

  it('goes on behind the Last-Event-ID, whatever the query says', async () => {
    const { createClient, publish } = await start(storeId);
    await publish(...numbered('a', 1, 5));
    const client = createClient('?after=beginning');
    client.lastEventId = '3';
    await client.connect();
    await client.until(() => client.events.length >= 2);
    expect(payloads(client.events)).toEqual([4, 5]);
  });

  it('misses nothing between a connection that brought no event and the next', async () => {
    const { createClient, publish } = await start(storeId);
    const client = createClient();
    await client.connect();
    await client.until(() => client.lastEventId !== '');
    await client.drop();
    await publish(...numbered('a', 1, 3));
    await client.connect();
    await client.until(() => client.events.length >= 3);
    expect(payloads(client.events)).toEqual([1, 2, 3]);
  });

  it('gives only what is asked for, by topics and key', async () => {
    const { createClient, publish } = await start(storeId);
    const many = Array.from({ length: 48 }, (_, index) => `&topic=t${index}`);
    const byTopics = createClient(`?topic=a&topic=b${many.join('')}`);
    const byKey = createClient('?topic=a&key=x');
    await byTopics.connect();
    await byKey.connect();
    for (const topic of ['a', 'other', 'b', 'a', 't47']) {
      for (const key of ['x', 'y']) {
        await publish(
          createEventParams({ topic, eventPayload: `${topic}${key}`, key }),
        );
      }
    }
    await byTopics.until(() => byTopics.events.length >= 8);
    expect(payloads(byTopics.events)).toEqual([
      'ax',
      'ay',
      'bx',
      'by',
      'ax',
      'ay',
      't47x',
      't47y',
    ]);
    await byKey.until(() => byKey.events.length >= 2);
    expect(payloads(byKey.events)).toEqual(['ax', 'ax']);
  });

  it('says how far it has read when nothing is wanted', async () => {
    const { createClient, publish } = await start(storeId, {
      heartbeat: { milliseconds: 20 },
    });
    const client = createClient('?topic=rare');
    await client.connect();
    await publish(...numbered('common', 1, 5));
    await client.until(() => client.lastEventId === '5');
    expect(client.events).toEqual([]);
  });

  it('shows a client that drops and comes again 100 times each of 10,000 events once, in order', async () => {
    const { createClient, publish } = await start(storeId);
    const client = createClient('?topic=a&after=beginning');
    const total = 10_000;
    let published = 0;
    let connections = 0;
    // Not far ahead of the client, so that it drops out of what comes and not only out of what is there.
    const isClose = () =>
      client.events.length >= published - 400 || connections > 100;
    const publishing = (async () => {
      while (published < total) {
        await client.until(isClose);
        const batch = numbered('a', published + 1, published + 50);
        await publish(...batch, { topic: 'noise', eventPayload: null });
        published += 50;
      }
    })();

    // About 250 bytes an event: the connections bring 80 events on average, and end in the middle of one.
    const [lengths] = fc.sample(
      fc.array(fc.integer({ min: 50, max: 40_000 }), {
        minLength: 100,
        maxLength: 100,
      }),
      { numRuns: 1, seed: 20261122 },
    );
    for (const bytes of lengths) {
      await client.connect(bytes);
      connections += 1;
      await client.ended;
    }
    const last = await client.connect();
    expect(last.status).toBe(200);
    connections += 1;
    await client.until(() => client.events.length >= total);
    await publishing;
    expect(payloads(client.events)).toEqual(range(1, total));
  }, 180_000);

  it('keeps little for a client that stops reading, and gives it everything when it goes on', async () => {
    const { connectRaw, publish, sockets, createClient } = await start(
      storeId,
      {
        stallLimit: { minutes: 10 },
      },
    );
    const socket = await connectRaw('?after=beginning');
    await new Promise(resolve => socket.once('readable', resolve));
    const [server] = sockets;
    const text = 'x'.repeat(megabyte);
    let kept = 0;
    for (let round = 0; round < 20; round++) {
      await publish(
        ...range(1, 4).map(number => ({
          topic: 'large',
          eventPayload: `${round * 4 + number}:${text}`,
        })),
      );
      kept = Math.max(kept, server.writableLength);
    }
    // Others are served meanwhile: this one has read everything.
    const other = createClient('?after=79');
    await other.connect();
    await other.until(() => other.events.length === 1);
    // One event waits in the process, and what the system takes for the two ends of a connection has left it.
    expect(kept).toBeLessThan(2 * megabyte);
    expect(server.writableLength).toBeGreaterThan(0);
    expect(server.bytesWritten).toBeLessThan(32 * megabyte);

    const seen: number[] = [];
    let rest = '';
    for await (const chunk of socket) {
      rest += chunk;
      const starts = [...rest.matchAll(/"payload":"(\d+):/g)];
      seen.push(...starts.map(([, number]) => Number(number)));
      // What is left may hold the first half of the next.
      rest = rest.slice(
        Math.max((starts.at(-1)?.index ?? -1) + 1, rest.length - 30),
      );
      kept = Math.max(kept, server.writableLength);
      if (seen.length >= 80) {
        break;
      }
    }
    expect(seen).toEqual(range(1, 80));
    expect(kept).toBeLessThan(2 * megabyte);
  }, 180_000);

  it('lets go of a client that takes nothing', async () => {
    const { connectRaw, publish, sockets } = await start(storeId, {
      stallLimit: { milliseconds: 200 },
    });
    const socket = await connectRaw();
    await new Promise(resolve => socket.once('readable', resolve));
    const closed = once(sockets[0], 'close');
    await publish({ topic: 'a', eventPayload: 'x'.repeat(20 * megabyte) });
    await closed;
  });

  it('refuses clients beyond the limit until one has left', async () => {
    const { createClient } = await start(storeId, { maxStreams: 2 });
    const clients = [createClient(), createClient(), createClient()];
    await clients[0].connect();
    await clients[1].connect();
    const refused = await clients[2].connect();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.body).toContain('events.streams.maxStreams');
    await clients[0].drop();
    while ((await clients[2].connect()).status === 503) {
      await new Promise(setImmediate);
    }
  });

  it('ends by itself after its time, at the end of an event', async () => {
    const { createClient, publish } = await start(storeId, {
      timeLimit: { milliseconds: 200 },
    });
    const client = createClient();
    await client.connect();
    await publish(...numbered('a', 1, 3));
    await client.ended;
    expect(client.lastEventId).toBe('3');
    await publish(...numbered('a', 4, 4));
    await client.connect();
    await client.ended;
    expect(payloads(client.events)).toEqual([1, 2, 3, 4]);
  });

  it('ends when the process stops, whether the client reads or not', async () => {
    const { createClient, connectRaw, publish, stop } = await start(storeId);
    const client = createClient();
    await client.connect();
    const socket = await connectRaw('?after=beginning');
    await publish({ topic: 'a', eventPayload: 'x'.repeat(12 * megabyte) });
    await client.until(() => client.events.length === 1);
    await stop();
    await client.ended;
    socket.destroy();
  });

  it('ends when events that it has not given are trimmed, and refuses to go on behind the gap', async () => {
    const { createClient, publish, knex } = await start(storeId);
    const client = createClient('?topic=a');
    await client.connect();
    await publish(...numbered('a', 1, 2));
    await client.until(() => client.lastEventId === '2');
    await knex('callboard_log').update({ tail: 100, head: 100 });
    await publish(...numbered('a', 3, 3));
    await client.ended;
    expect(client.comments.join()).toContain('gone');
    const refused = await client.connect();
    expect(refused.status).toBe(410);
  });

  it.each(['?after=3', '?after=0', '?after=11'])(
    'refuses %s when the log goes from 5 to 10, and says what to do',
    async query => {
      const { get, publish, trim } = await start(storeId);
      await publish(...numbered('a', 1, 10));
      await trim(4);
      const gone = await get(`/stream${query}`);
      const body = await gone.json();
      expect(gone.status).toBe(410);
      expect(body.error.message).toContain('after=end');
    },
  );

  it('refuses what makes no sense', async () => {
    const { get } = await start(storeId);
    const refused: [path: string, headers?: Record<string, string>][] = [
      ['/stream?after=-1'],
      ['/stream?after=now'],
      ['/stream?after=1&after=2'],
      ['/stream?topic='],
      ['/stream?cursor=WzJd'],
      ['/stream?topic=a%00b'],
      ['/stream?key=%00'],
      [`/stream?${'topic=a&'.repeat(51)}`],
      ['/stream', { 'Last-Event-ID': 'abc' }],
      ['/events?topic=%00'],
      ['/events?after=0&cursor=WzJd'],
      ['/events?after=0&order=asc'],
      ['/events?after=0&from=2026-01-01T00:00:00Z'],
      ['/events?after=0&to=2026-01-01T00:00:00Z'],
      ['/events?after=0&waitMs=55001'],
      ['/events?after=0&limit=201'],
      ['/events?waitMs=1'],
    ];
    for (const [path, headers] of refused) {
      const answer = await get(path, { ...service, ...headers });
      expect([path, answer.status]).toEqual([path, 400]);
      await answer.text();
    }
  });

  it('names what makes no sense', async () => {
    const { get } = await start(storeId);
    const refused: [path: string, message: string, lastEventId?: string][] = [
      ['/stream', 'Last-Event-ID: must be a position of the log', 'beginning'],
      [
        '/stream?after=now',
        'after: must be a position of the log, beginning or end',
      ],
      [
        '/events?after=now',
        'after: must be a position of the log, beginning or end',
      ],
      ['/events?after=0&from=today', 'from: does not go with after'],
      ['/events?waitMs=1', 'waitMs: goes only with after'],
    ];
    for (const [path, message, lastEventId] of refused) {
      const answer = await get(path, {
        ...service,
        ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
      });
      const body = await answer.json();
      expect([path, answer.status, body.error.message]).toEqual([
        path,
        400,
        message,
      ]);
    }
  });
});

describe.each(stores.ids)('polling behind a position on %s', storeId => {
  it('gives whole events in order, page by page, until the client is up to date', async () => {
    const { poll, publish } = await start(storeId);
    await publish(...numbered('a', 1, 120), ...numbered('b', 1, 3));
    const seen: unknown[] = [];
    let after = 0;
    let pages = 0;
    for (;;) {
      const page = await poll(`after=${after}&limit=50`);
      seen.push(...payloads(page.items));
      pages += 1;
      after = page.after;
      if (after === page.tail) {
        break;
      }
    }
    expect(seen).toEqual([...range(1, 120), 1, 2, 3]);
    expect(pages).toBe(3);
  });

  it('moves past what is not asked for', async () => {
    const { poll, publish } = await start(storeId);
    await publish(...numbered('a', 1, 5), ...numbered('b', 1, 1));
    await publish(...numbered('a', 6, 9));
    const page = await poll('after=0&topic=b&topic=c');
    expect(payloads(page.items)).toEqual([1]);
    expect(page).toMatchObject({ after: 10, tail: 10 });
  });

  it('tells the position of the end without giving an event', async () => {
    const { poll, publish } = await start(storeId);
    await publish(...numbered('a', 1, 5));
    await expect(poll('after=end')).resolves.toEqual({
      items: [],
      after: 5,
      tail: 5,
    });
  });

  it('gives what is left from the beginning, and nothing from before it', async () => {
    const { get, poll, publish, trim } = await start(storeId);
    await publish(...numbered('a', 1, 5));
    await trim(2);
    const page = await poll('after=beginning');
    expect(payloads(page.items)).toEqual([3, 4, 5]);
    await expect(poll('after=2')).resolves.toEqual(page);
    for (const after of [0, 1, 6]) {
      const gone = await get(`/events?after=${after}`);
      expect(gone.status).toBe(410);
    }
  });

  it('waits for an event that is asked for, and no longer than it should', async () => {
    const { poll, publish } = await start(storeId);
    const none = await poll('after=0&topic=b&waitMs=50');
    expect(none.items).toEqual([]);
    const waiting = poll('after=0&topic=b&waitMs=55000');
    await publish(...numbered('a', 1, 3));
    await publish(...numbered('b', 1, 1));
    const page = await waiting;
    expect(payloads(page.items)).toEqual([1]);
    expect(page.after).toBe(4);
  });

  it('ends the wait when the process stops', async () => {
    const { poll, publish, stop } = await start(storeId);
    await publish(...numbered('a', 1, 1));
    const follow = jest.spyOn(EventStreams.prototype, 'poll');
    const waiting = poll('after=1&waitMs=55000');
    // Until it has come in and is admitted: a later one would be refused.
    while (follow.mock.calls.length === 0) {
      await new Promise(setImmediate);
    }
    follow.mockRestore();
    await stop();
    await expect(waiting).resolves.toMatchObject({ items: [], after: 1 });
  });
});
