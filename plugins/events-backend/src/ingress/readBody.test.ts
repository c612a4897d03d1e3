import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { BodyBudget } from './BodyBudget';
import { BodyTimeLimitError } from './errors';
import { readBody } from './readBody';

const maxBytes = 1_000_000;

/** Reads the first request that comes to a server, within a short time. */
async function receive(
  send: (request: ReturnType<typeof sendRequest>) => void,
  headers: Record<string, string> = {},
) {
  const budget = new BodyBudget(maxBytes);
  const read = new Promise<Buffer>((resolve, reject) => {
    server.once('request', (request, response) => {
      readBody(request, {
        maxBytes,
        timeLimitMs: 200,
        share: budget.open(),
      })
        .then(resolve, reject)
        .finally(() => response.end());
    });
  });
  // It is waited for below.
  read.catch(() => {});
  const { port } = server.address() as AddressInfo;
  const request = sendRequest({ port, method: 'POST', headers });
  request.on('error', () => {});
  send(request);
  const outcome = await read.catch(error => error);
  request.destroy();
  return { outcome, budget };
}

const server = createServer();
beforeAll(() => new Promise<void>(resolve => server.listen(0, resolve)));
afterAll(() => {
  server.closeAllConnections();
  return new Promise(resolve => server.close(resolve));
});

describe('reading a body', () => {
  it('gives it whole', async () => {
    const { outcome } = await receive(request => request.end('whole'));
    expect(outcome).toEqual(Buffer.from('whole'));
  });

  it('gives up one that is held back, and holds nothing of it', async () => {
    const compressed = gzipSync(Buffer.alloc(maxBytes));
    const { outcome, budget } = await receive(
      request => request.write(compressed.subarray(0, -20)),
      { 'content-encoding': 'gzip' },
    );
    expect(outcome).toBeInstanceOf(BodyTimeLimitError);
    expect(() => budget.open().take(maxBytes)).not.toThrow();
  });
});
