import { createServer, get, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Response } from 'express';
import { HeldRequests } from './HeldRequests';
import { writeWhole } from './writeWhole';

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(0)));
});

/** A server with one way of answering; resolves to what the answer came to, once a request was made. */
async function serve<T>(answer: (response: Response) => Promise<T>) {
  let resolve: (outcome: Promise<T>) => void = () => {};
  const outcome = new Promise<T>(resolver => {
    resolve = resolver;
  });
  const app = express();
  app.get('/', (_, response) => resolve(answer(response)));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, outcome };
}

const never = new Promise<void>(() => {});
const day = 86_400_000;
/** More than sockets take on both sides while nobody reads. */
const large = JSON.stringify('x'.repeat(20_000_000));

describe('writing an answer', () => {
  it('says that it was written', async () => {
    const { url, outcome } = await serve(response =>
      writeWhole(response, '{"a":1}', day),
    );
    const response = await fetch(url);
    expect(await response.json()).toEqual({ a: 1 });
    expect(await outcome).toBe(true);
  });

  it('says that the other side was gone before it was whole', async () => {
    const { url, outcome } = await serve(response =>
      writeWhole(response, large, day),
    );
    const request = get(url, response => response.on('error', () => {}));
    const [response] = await once(request, 'response');
    response.destroy();
    expect(await outcome).toBe(false);
  });

  it('cuts the connection of one who reads too slowly', async () => {
    const { url, outcome } = await serve(response =>
      writeWhole(response, large, 100),
    );
    const request = get(url, response => response.on('error', () => {}));
    const [response] = await once(request, 'response');
    response.pause();
    expect(await outcome).toBe(false);
  });
});

describe('held requests', () => {
  const hold = (
    held: HeldRequests,
    response: Response,
    options: Partial<Parameters<HeldRequests['hold']>[1]> = {},
  ) =>
    held.hold(response, {
      woken: never,
      look: async () => false,
      firstLookMs: day,
      timeLimitMs: day,
      ...options,
    });

  async function holdOne(
    options: Partial<Parameters<HeldRequests['hold']>[1]> = {},
    limits: Partial<ConstructorParameters<typeof HeldRequests>[0]> = {},
  ) {
    const held = new HeldRequests({
      maxHeld: 1,
      lookIntervalMs: day,
      ...limits,
    });
    let begin = () => {};
    const begun = new Promise<void>(resolve => {
      begin = resolve;
    });
    const { url, outcome } = await serve(response => {
      const released = hold(held, response, options);
      begin();
      return released;
    });
    const client = get(url);
    client.on('error', () => {});
    await begun;
    return { held, client, released: outcome };
  }

  it.each<[string, Partial<Parameters<HeldRequests['hold']>[1]>]>([
    ['they are woken', { woken: Promise.resolve() }],
    ['their time has passed', { timeLimitMs: 20 }],
    ['a look finds something', { firstLookMs: 0, look: async () => true }],
  ])('are released when %s', async (_, options) => {
    const { held, released } = await holdOne(options);
    await released;
    expect(held.full).toBe(false);
  });

  it('are looked after again and again, even if a look fails', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks === 1) {
        throw new Error('the store is away');
      }
      return looks === 3;
    };
    const { released } = await holdOne(
      { firstLookMs: 0, look },
      { lookIntervalMs: 1 },
    );
    await released;
    expect(looks).toBe(3);
  });

  it('are released when their client goes away', async () => {
    const { held, client, released } = await holdOne();
    expect(held.full).toBe(true);
    client.destroy();
    await released;
    expect(held.full).toBe(false);
  });

  it('are released when no more are to be held, and then none is held', async () => {
    const { held, released } = await holdOne({}, { maxHeld: 2 });
    expect(held.full).toBe(false);
    held.stop();
    await released;
    expect(held.full).toBe(true);
  });
});
