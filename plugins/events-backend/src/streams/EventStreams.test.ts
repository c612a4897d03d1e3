import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockServices } from '@backstage/backend-test-utils';
import type { EventLog } from '@callboard/backstage-plugin-events-node';
import { InProcessNotifier } from '../notifiers';
import { EventStreams } from './EventStreams';

const hour = 3_600_000;
const readers = 20;

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(0)));
});

/** Streams of a log whose store never answers, two reads at a time. */
async function start() {
  let reads = 0;
  let fail = (_: Error) => {};
  const silence = new Promise<never>((_, reject) => {
    fail = reject;
  });
  silence.catch(() => {});
  const readAfter: EventLog['readAfter'] = () => {
    reads += 1;
    return silence;
  };
  const logger = mockServices.logger.mock();
  const streams = new EventStreams({
    log: { readAfter },
    notifier: new InProcessNotifier(),
    options: {
      page: { events: 10, bytes: 1_000 },
      pollIntervalMs: hour,
      gatherMs: 0,
      maxStreams: 100,
      timeLimitMs: hour,
      stallLimitMs: hour,
      heartbeatMs: hour,
      maxReads: 2,
      errorDelayMs: hour,
      retryMs: 1,
      shutdownGraceMs: 20,
    },
    isUnavailable: () => true,
    logger,
  });
  const served: Promise<void>[] = [];
  const closed: Promise<unknown>[] = [];
  server = createServer((_, response) => {
    closed.push(once(response, 'close'));
    served.push(streams.stream(response, { position: 0, filter: {} }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    streams,
    logger,
    served,
    /** The server's view of readers that have gone. */
    closed,
    countReads: () => reads,
    giveUpReads: () => fail(new Error('no answer')),
    /** A reader that was told the place where it begins. */
    connect: async () => {
      const request = get({ port, host: '127.0.0.1' });
      request.on('error', () => {});
      const [response] = await once(request, 'response');
      response.on('error', () => {});
      await once(response, 'data');
      response.resume();
      return response;
    },
  };
}

describe('streams of a store that does not answer', () => {
  it('do not read for readers that are gone', async () => {
    const { connect, served, closed, countReads, giveUpReads } = await start();
    const responses = await Promise.all(
      Array.from({ length: readers }, () => connect()),
    );
    responses.forEach(response => response.destroy());
    await Promise.all(closed);
    giveUpReads();
    await Promise.all(served);
    expect(countReads()).toBe(2);
  });

  it('do not hold up the stop', async () => {
    const { connect, streams, logger, giveUpReads, served } = await start();
    const responses = await Promise.all(
      Array.from({ length: readers }, () => connect()),
    );
    const cut = Promise.all(
      responses.map(
        response => new Promise(resolve => response.on('close', resolve)),
      ),
    );
    await streams.stop();
    await cut;
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining(`${readers} readers`),
    );
    giveUpReads();
    await Promise.all(served);
  });
});
