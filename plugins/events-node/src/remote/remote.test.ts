import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { newEventId } from '../eventId';
import type { ClaimedBatch } from '../handling/ClaimedBatch';
import { eventMetadata } from '../metadata';
import { SubscriptionMissingError } from '../handling/SubscriptionAccess';
import type { GroupCommitterOptions } from '../publishing/GroupCommitter';
import { BusClient, BusUnavailableError } from './BusClient';
import { publishRequestSchema, type PublishRequest } from './protocol';
import { RemotePublisher } from './RemotePublisher';
import { RemoteSubscriptionAccess } from './RemoteSubscriptionAccess';

const options: GroupCommitterOptions = {
  maxBatchItems: 100,
  maxBatchBytes: 100_000,
  maxQueuedBytes: 1_000_000,
  retryDelayMs: 1,
  appendTimeLimitMs: 10_000,
};

describe('the client of the bus', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  });

  /** A server in the place of the events plugin, and a client that is pointed to it. */
  async function start(
    answer: (body: string, response: ServerResponse) => void,
  ) {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      answer(Buffer.concat(chunks).toString(), response);
    });
    servers.push(server);
    await new Promise<void>(resolve =>
      server.listen(0, '127.0.0.1', () => resolve()),
    );
    const { port } = server.address() as AddressInfo;
    const client = new BusClient({
      auth: mockServices.auth(),
      discovery: mockServices.discovery.mock({
        getBaseUrl: async () => `http://127.0.0.1:${port}/api/events`,
      }),
    });
    return { client, server };
  }

  const createPublisher = (
    client: BusClient,
    changed: Partial<GroupCommitterOptions> & { timeLimitMs?: number } = {},
  ) => {
    const { timeLimitMs = 10_000, ...others } = changed;
    return new RemotePublisher({
      client,
      timeLimitMs,
      options: { ...options, ...others },
      failures: { onFailed: () => {}, onWorked: () => {} },
    });
  };

  const accept = ({ groups }: PublishRequest, response: ServerResponse) =>
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        groups: groups.map(events => ({
          accepted: events.map(({ metadata }) => ({
            id: metadata?.[eventMetadata.id],
            duplicate: false,
          })),
        })),
      }),
    );
  const refuse = (response: ServerResponse, status: number, name: string) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        error: { name, message: 'no' },
        response: { statusCode: status },
      }),
    );
  };
  const read = (body: string) => publishRequestSchema.parse(JSON.parse(body));

  it('gathers what concurrent publishers want while a request is under way', async () => {
    const sizes: number[] = [];
    const { client } = await start((body, response) => {
      const request = read(body);
      sizes.push(request.groups.length);
      accept(request, response);
    });
    const publisher = createPublisher(client);
    await Promise.all(
      Array.from({ length: 50 }, (_, eventPayload) =>
        publisher.publish([{ topic: 't', eventPayload }]),
      ),
    );
    expect(sizes).toEqual([50]);
  });

  it('sends an event again under the same id when the connection broke', async () => {
    const ids: unknown[] = [];
    const { client } = await start((body, response) => {
      const request = read(body);
      ids.push(request.groups[0][0].metadata?.[eventMetadata.id]);
      if (ids.length === 1) {
        response.destroy();
      } else {
        accept(request, response);
      }
    });
    await createPublisher(client).publish([{ topic: 't', eventPayload: 1 }]);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(ids[0]);
  });

  it('rejects when the events plugin stays away', async () => {
    const { client, server } = await start(() => {});
    await new Promise(resolve => server.close(resolve));
    await expect(
      createPublisher(client, { timeLimitMs: 50 }).publish([
        { topic: 't', eventPayload: 1 },
      ]),
    ).rejects.toMatchObject({ name: 'ServiceUnavailableError' });
  });

  it('refuses events at once when too much is waiting', async () => {
    let release = () => {};
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    const { client } = await start(async (body, response) => {
      await released;
      accept(read(body), response);
    });
    const publisher = createPublisher(client, { maxQueuedBytes: 500 });
    const large = { topic: 't', eventPayload: 'x'.repeat(300) };
    const first = publisher.publish([large]);
    const second = publisher.publish([large]);
    await expect(second).rejects.toMatchObject({
      name: 'ServiceUnavailableError',
      message: expect.stringContaining('500 bytes'),
    });
    release();
    await first;
  });

  it.each([
    [400, 'InputError'],
    [413, 'PayloadTooLargeError'],
  ])(
    'takes %d for an event that cannot be stored when the events plugin says so',
    async (status, name) => {
      const { client } = await start((_, response) =>
        refuse(response, status, name),
      );
      await expect(
        createPublisher(client).publish([{ topic: 't', eventPayload: 1 }]),
      ).rejects.toMatchObject({ name: 'InputError', message: 'no' });
    },
  );

  it.each([400, 413])(
    'does not take %d of a proxy for a verdict on the event',
    async status => {
      const { client } = await start((_, response) => {
        response
          .writeHead(status, { 'content-type': 'text/html' })
          .end('<html>nginx</html>');
      });
      await expect(
        createPublisher(client).publish([{ topic: 't', eventPayload: 1 }]),
      ).rejects.toMatchObject({ name: 'ResponseError', statusCode: status });
    },
  );

  it.each([
    ['404, before it knows its plugins', 404, 'NotFoundError'],
    ['401, before it can fetch keys', 401, 'AuthenticationError'],
  ])(
    'waits for a portal that starts and answers %s',
    async (_, status, name) => {
      let answers = 0;
      const { client } = await start((body, response) => {
        answers += 1;
        if (answers <= 2) {
          refuse(response, status, name);
        } else {
          accept(read(body), response);
        }
      });
      await createPublisher(client).publish([{ topic: 't', eventPayload: 1 }]);
      expect(answers).toBe(3);
    },
  );

  it('refuses a payload that has no JSON', async () => {
    const { client } = await start(() => {});
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(
      createPublisher(client).publish([{ topic: 't', eventPayload: cyclic }]),
    ).rejects.toMatchObject({ name: 'InputError' });
  });

  const claim = (client: BusClient, signal = new AbortController().signal) =>
    new RemoteSubscriptionAccess({ client, callLimitMs: 10_000 }).claim(
      'plugin.s',
      { maxEvents: 10 },
      { limitMs: 1_000, signal },
    );

  it('learns that its subscription is gone', async () => {
    const { client } = await start((_, response) =>
      refuse(response, 404, 'SubscriptionMissingError'),
    );
    await expect(claim(client)).rejects.toBeInstanceOf(
      SubscriptionMissingError,
    );
  });

  it('does not take 404 of anybody else for a subscription that is gone', async () => {
    const { client } = await start((_, response) =>
      refuse(response, 404, 'NotFoundError'),
    );
    await expect(claim(client)).rejects.toBeInstanceOf(BusUnavailableError);
  });

  it('tries a settlement again that meets a portal that starts', async () => {
    const { client } = await start((_, response) => {
      response.writeHead(404).end();
    });
    const access = new RemoteSubscriptionAccess({ client, callLimitMs: 1_000 });
    const batch: ClaimedBatch = {
      ticket: newEventId(),
      subscriptionId: 'plugin.s',
      leaseMs: 1_000,
      leasedFromMs: 0,
      events: [],
    };
    const error = await access.settle(batch, []).catch(caught => caught);
    expect(access.isUnavailable(error)).toBe(true);
  });

  it.each(['discovery', 'auth'] as const)(
    'keeps its time limit when %s hangs',
    async hanging => {
      const never = () => new Promise<never>(() => {});
      const client = new BusClient({
        discovery: mockServices.discovery.mock({
          getBaseUrl: hanging === 'discovery' ? never : async () => 'http://x',
        }),
        auth: mockServices.auth.mock({
          getOwnServiceCredentials: async () => mockCredentials.service(),
          getPluginRequestToken: never,
        }),
      });
      await expect(
        client.send({ method: 'DELETE', path: '/', timeLimitMs: 20 }),
      ).rejects.toBeInstanceOf(BusUnavailableError);
    },
  );

  it('gives up a claim that waits when it is told to', async () => {
    const stopping = new AbortController();
    const { client } = await start(() => stopping.abort());
    await expect(claim(client, stopping.signal)).resolves.toBeUndefined();
  });

  it('takes the batch of an answer that has begun when it is told to give up', async () => {
    const stopping = new AbortController();
    const ticket = newEventId();
    const text = JSON.stringify({ ticket, leaseMs: 1_000, events: [] });
    const { client } = await start((_, response) => {
      response.write(text.slice(0, 10));
      goOn = () => response.end(text.slice(10));
    });
    let goOn = () => {};
    const begun = jest.spyOn(global, 'fetch');
    const claiming = claim(client, stopping.signal);
    while (begun.mock.results.length === 0) {
      await new Promise(setImmediate);
    }
    await begun.mock.results[0].value;
    begun.mockRestore();
    await new Promise(setImmediate);
    stopping.abort();
    goOn();
    await expect(claiming).resolves.toMatchObject({ ticket });
  });

  it('takes an answer that it does not understand for a failure', async () => {
    const { client } = await start((_, response) => {
      response.end('{"ticket":"no"}');
    });
    await expect(claim(client)).rejects.toThrow();
  });
});
