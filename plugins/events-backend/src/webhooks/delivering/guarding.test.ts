import { createServer, type RequestListener } from 'node:http';
import { toSubscriptionId } from '../../endpoints';
import {
  answersInside,
  urlsInside,
  urlsOfThisMachine,
} from '../guard/__testUtils__/hostileUrls';
import { listen } from '../guard/__testUtils__/listen';
import { createGuard } from '../guard';
import { createWorlds } from './__testUtils__/createWorlds';
import type { WebhookWorld } from './__testUtils__/openWebhooks';

/*
 * Endpoints whose URL was never checked, as if somebody had written it into the database: what is sent to them is judged
 * again when it is sent, and when it connects.
 */

jest.setTimeout(60_000);

/** What names resolve to here, one answer after the other; the last one stays. Other names resolve as ever. */
const mockAnswers = new Map<string, (readonly string[])[]>();
const mockLookup = jest.fn((host: string) => {
  const answers = mockAnswers.get(host);
  const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0];
  return answer?.map(address => ({ address, family: 0 }));
});
jest.mock('node:dns/promises', () => {
  const actual = jest.requireActual('node:dns/promises');
  return {
    ...actual,
    lookup: async (host: string, options: object) =>
      mockLookup(host) ?? actual.lookup(host, options),
  };
});

const worlds = createWorlds();
/** Nothing here depends on the store. */
const [anyStore] = worlds.ids;

afterEach(() => {
  mockAnswers.clear();
  mockLookup.mockClear();
});

/** Listens at all addresses of this machine. */
async function startListener(
  onRequest: RequestListener = (_, response) => response.end(),
) {
  const server = await listen(createServer(onRequest));
  worlds.endWith(() => server.stop());
  return server;
}

function startWorld(allow: readonly string[]): Promise<WebhookWorld> {
  return worlds.startWorld(anyStore, {
    sending: { guard: createGuard({ allow, allowHttp: true }) },
  });
}

/** Makes an endpoint for each URL, publishes one event, and gives what the one attempt of each came to. */
async function sendToEach(world: WebhookWorld, urls: readonly string[]) {
  await Promise.all(
    urls.map((url, index) =>
      world.create(`e${index}`, url, { retryScheduleMs: [0] }),
    ),
  );
  await world.publish('k');
  const attempts = await Promise.all(
    urls.map((_, index) => world.untilAttempts(`e${index}`, 1)),
  );
  return attempts.map(([{ outcome, status, reason, answer }], index) => ({
    url: urls[index],
    outcome,
    status,
    reason,
    answer,
  }));
}

/** A URL of what is inside, at a port at which somebody listens if it leads to this machine all the same. */
function atPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

const strict = createGuard({ allow: [], allowHttp: true });

/** What the guard says of a URL, which must be no. */
function refusalOf(url: string) {
  const judged = strict.checkUrl(url);
  if (judged.allowed) {
    throw new Error(`${url} is allowed`);
  }
  return judged;
}

const remedy = 'which webhooks reach only if events.webhooks.allow has it';

describe('an endpoint with a hostile URL that nobody checked', () => {
  it('reaches nothing at this machine, and each attempt names the rule', async () => {
    const listener = await startListener();
    const world = await startWorld([]);
    const urls = urlsOfThisMachine.map(url =>
      url.replace('PORT', String(listener.port)),
    );
    const sent = await sendToEach(world, urls);
    expect(sent).toEqual(
      urls.map(url => ({
        url,
        outcome: 'failed',
        status: undefined,
        reason: `Not sent: ${refusalOf(url).reason}`,
        answer: undefined,
      })),
    );
    for (const { url, reason } of sent) {
      const { rule } = refusalOf(url);
      expect(reason).toContain(
        rule === 'credentials' ? 'must not have a user or a password' : remedy,
      );
    }
    expect(listener.connections).toBe(0);
    // It was tried once, as its schedule says, and is not lost.
    const owed = await world.pools.deliveries.list({
      subscriptionId: toSubscriptionId('e0'),
      limit: 10,
    });
    expect(owed).toMatchObject([{ state: 'dead', attempts: 1 }]);
  });

  it('reaches nothing else inside, and each attempt names the rule', async () => {
    const listener = await startListener();
    const world = await startWorld([]);
    const urls = urlsInside.map(([url]) => atPort(url, listener.port));
    const sent = await sendToEach(world, urls);
    expect(
      sent.map(({ url, outcome, status, reason }) => [
        outcome,
        status,
        reason,
        refusalOf(url).rule,
      ]),
    ).toEqual(
      urlsInside.map(([, rule], index) => [
        'failed',
        undefined,
        `Not sent: ${refusalOf(urls[index]).reason}`,
        rule,
      ]),
    );
    expect(sent.every(({ reason }) => reason.endsWith(remedy))).toBe(true);
    expect(listener.connections).toBe(0);
  });

  it('reaches nothing with a test request either', async () => {
    const listener = await startListener();
    const world = await startWorld([]);
    const url = `http://127.0.0.1:${listener.port}/`;
    const { endpoint } = await world.create('e', url);
    await expect(world.door.test(endpoint)).resolves.toMatchObject({
      outcome: 'failed',
      status: undefined,
      reason: `Not sent: ${refusalOf(url).reason}`,
    });
    expect(listener.connections).toBe(0);
  });

  it('reaches nothing by the address that it gets its tokens from', async () => {
    const inside = await startListener();
    const receiver = await startListener();
    // The receiver is open, by its name only.
    const world = await startWorld(['hooks.example.test']);
    mockAnswers.set('hooks.example.test', [['127.0.0.1']]);
    mockAnswers.set('tokens.example.test', [['127.0.0.1']]);
    const hosts = ['127.0.0.1', '[::1]', 'localhost', 'tokens.example.test'];
    for (const [index, host] of hosts.entries()) {
      await world.create(
        `e${index}`,
        `http://hooks.example.test:${receiver.port}/`,
        {
          retryScheduleMs: [0],
          auth: {
            type: 'oauth2',
            tokenUrl: `http://${host}:${inside.port}/token`,
            clientId: 'callboard',
          },
        },
        { clientSecret: 'a secret' },
      );
    }
    await world.publish('k');
    for (const index of hosts.keys()) {
      const [{ outcome, reason }] = await world.untilAttempts(`e${index}`, 1);
      expect(outcome).toBe('failed');
      expect(reason).toMatch(/^Not sent: /);
      expect(reason).toContain('a loopback address');
    }
    expect(inside.connections).toBe(0);
    expect(receiver.connections).toBe(0);
  });
});

describe('an endpoint whose host resolves to what is inside', () => {
  it('reaches nothing, and each attempt names the rule, and not the address', async () => {
    const listener = await startListener();
    const world = await startWorld([]);
    const urls = answersInside.map(([answer], index) => {
      const host = `hooks-${index}.example.test`;
      mockAnswers.set(host, [answer]);
      return `http://${host}:${listener.port}/`;
    });
    // Nothing is wrong with the URLs themselves.
    expect(urls.every(url => strict.checkUrl(url).allowed)).toBe(true);
    const sent = await sendToEach(world, urls);
    for (const [index, { outcome, status, reason }] of sent.entries()) {
      const [answer, rule] = answersInside[index];
      const [refused] = answer.flatMap(address => {
        const judged = strict.checkAddress(
          `hooks-${index}.example.test`,
          address,
        );
        return judged.allowed ? [] : [judged];
      });
      expect(refused.rule).toBe(rule);
      expect({ outcome, status, reason }).toEqual({
        outcome: 'failed',
        status: undefined,
        reason: expect.stringContaining(refused.reason),
      });
    }
    expect(sent.map(({ reason }) => reason).join()).not.toMatch(
      /127\.0\.0\.1|10\.0\.0\.1|192\.168\.1\.1|169\.254\.169\.254|8\.8\.8\.8/,
    );
    expect(listener.connections).toBe(0);
  });

  it('is reached at what was checked, whatever it resolves to a moment later', async () => {
    const addresses: (string | undefined)[] = [];
    const listener = await startListener(({ socket }, response) => {
      addresses.push(socket.localAddress?.replace('::ffff:', ''));
      response.end();
    });
    mockAnswers.set('hooks.example.test', [['127.0.0.1'], ['127.0.0.2']]);
    const world = await startWorld(['127.0.0.1']);
    const url = `http://hooks.example.test:${listener.port}/`;
    const [{ outcome }] = await sendToEach(world, [url]);
    expect(outcome).toBe('delivered');
    expect(mockLookup.mock.calls).toEqual([['hooks.example.test']]);
    expect(addresses).toEqual(['127.0.0.1']);
  });

  it('is judged again at each connection: one that rebinds is not reached', async () => {
    const listener = await startListener((_, response) =>
      response.writeHead(500, { connection: 'close' }).end(),
    );
    mockAnswers.set('hooks.example.test', [['127.0.0.1'], ['127.0.0.2']]);
    const world = await startWorld(['127.0.0.1']);
    await world.create('e', `http://hooks.example.test:${listener.port}/`, {
      retryScheduleMs: [0, 0, 0],
    });
    await world.publish('k');
    const attempts = await world.untilAttempts('e', 3);
    expect(attempts.map(({ status }) => status)).toEqual([
      500,
      undefined,
      undefined,
    ]);
    for (const { reason } of attempts.slice(1)) {
      expect(reason).toMatch(
        /^The address is not allowed: .*hooks\.example\.test resolves to a loopback address/,
      );
    }
    expect(listener.connections).toBe(1);
  });
});

describe('an endpoint that is on the allow-list', () => {
  it('is reached by every URL of this machine, but those with credentials', async () => {
    const listener = await startListener();
    const world = await startWorld(['0.0.0.0/0', '::/0']);
    const urls = urlsOfThisMachine.map(url =>
      url.replace('PORT', String(listener.port)),
    );
    const sent = await sendToEach(world, urls);
    const refused = sent.filter(({ outcome }) => outcome !== 'delivered');
    expect(refused.map(({ reason }) => reason)).toEqual(
      refused.map(() => expect.stringContaining('a user or a password')),
    );
    const hasUser = (url: string) => {
      const { username, password } = new URL(url);
      return username !== '' || password !== '';
    };
    expect(refused.map(({ url }) => url)).toEqual(urls.filter(hasUser));
    expect(refused.length).toBeLessThan(10);
    expect(listener.connections).toBe(urls.length - refused.length);
  });

  it.each([
    ['a host', 'hooks.example.test', 'hooks.example.test'],
    ['hosts below a suffix', '*.example.test', 'hooks.example.test'],
    ['an address', '127.0.0.1', '127.0.0.1'],
    ['an address that a name resolves to', '127.0.0.1', 'hooks.example.test'],
    ['a CIDR', '127.0.0.0/8', '127.0.0.1'],
    ['an IPv4 address in IPv6 form', '127.0.0.1', '[::ffff:127.0.0.1]'],
  ])('is reached, and nothing else is: %s', async (_, entry, host) => {
    const listener = await startListener();
    mockAnswers.set('hooks.example.test', [['127.0.0.1']]);
    mockAnswers.set('other.example.com', [['::1']]);
    const world = await startWorld([entry]);
    const sent = await sendToEach(
      world,
      [host, 'other.example.com', '[::1]'].map(
        each => `http://${each}:${listener.port}/`,
      ),
    );
    expect(sent.map(({ outcome }) => outcome)).toEqual([
      'delivered',
      'failed',
      'failed',
    ]);
    expect(listener.connections).toBe(1);
  });
});
