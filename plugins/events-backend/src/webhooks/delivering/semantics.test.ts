import {
  type ReceiverAnswer,
  type WebhookReceiver,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { selfSigned } from '../sending/__testUtils__/selfSigned';
import {
  createWorlds,
  readOwed,
  untilTried,
  type OwedDelivery,
} from './__testUtils__/createWorlds';
import type { WebhookWorld } from './__testUtils__/openWebhooks';
import { readHealthState } from './endpointHealth';

/*
 * What an endpoint promises, whatever its receiver does: each answer through the whole of sending, seen in what is owed, in
 * the attempts, in the breaker and in the state of the endpoint.
 */

jest.setTimeout(60_000);

const worlds = createWorlds();
const { startReceiver, startWorld } = worlds;
/** Enough where nothing depends on the store. */
const anyStore = worlds.ids[0];

const second = 1_000;
const minute = 60 * second;
const schedule = [0, minute, 10 * minute];

const answer = (
  status: number,
  headers: Record<string, string> = {},
  body?: string,
): ReceiverAnswer => ({ kind: 'answer', status, headers, body });

/** Of the default schedule, to either side. */
const jitter = 0.2;

function expectPause({ pauseMs }: OwedDelivery, stepMs: number) {
  // A millisecond for a clock that is read twice.
  expect(pauseMs).toBeGreaterThanOrEqual(stepMs * (1 - jitter) - 1);
  expect(pauseMs).toBeLessThanOrEqual(stepMs * (1 + jitter) + 1);
}

async function readHealth({ endpoints }: WebhookWorld, id: string) {
  const kept = await endpoints.readHealth(id);
  return readHealthState(kept?.health);
}

async function readState({ endpoints }: WebhookWorld, id: string) {
  const endpoint = await endpoints.read(id);
  return endpoint?.state;
}

/** What every attempt at the one event of an endpoint came to, the first one first. */
async function readAttempts(world: WebhookWorld, id: string, count: number) {
  const attempts = await world.untilAttempts(id, count);
  return attempts.map(({ number, outcome, status, reason }) => ({
    number,
    outcome,
    status,
    reason,
  }));
}

/** Sends one event again and again, as if every pause was over at once, until it is dead. */
async function playToItsEnd(
  world: WebhookWorld,
  id: string,
  stepsMs: readonly number[],
) {
  for (const [index, stepMs] of stepsMs.slice(1).entries()) {
    const owed = await untilTried(world, id, index + 1);
    expect(owed.state).toBe('due');
    expectPause(owed, stepMs);
    await world.pools.passPauses();
  }
  return untilTried(world, id, stepsMs.length);
}

describe.each(worlds.ids)('an answer, on %s', storeId => {
  it.each([200, 201, 202, 204, 299])('delivers the event: %s', async status => {
    const { receiver, url } = await startReceiver({ answer: answer(status) });
    const world = await startWorld(storeId);
    await world.create('e', url);
    await world.publish('k');
    await world.untilSettled('e');
    await expect(readAttempts(world, 'e', 1)).resolves.toEqual([
      {
        number: 1,
        outcome: 'delivered',
        status,
        reason: `Answered ${status}`,
      },
    ]);
    await expect(readOwed(world, 'e')).resolves.toEqual([]);
    // In good times nothing is kept.
    await expect(world.endpoints.readHealth('e')).resolves.toBeUndefined();
    await expect(readState(world, 'e')).resolves.toBe('active');
    expect(receiver.requests).toHaveLength(1);
  });

  describe.each([
    { status: 301, fault: 'endpoint', says: /redirects are not followed/ },
    { status: 302, fault: 'endpoint', says: /redirects are not followed/ },
    { status: 304, fault: 'endpoint', says: /redirects are not followed/ },
    { status: 307, fault: 'endpoint', says: /redirects are not followed/ },
    { status: 400, fault: 'event', says: /^Answered 400$/ },
    { status: 401, fault: 'endpoint', says: /does not accept the credentials/ },
    { status: 404, fault: 'endpoint', says: /URL .* leads to nothing/ },
    { status: 413, fault: 'event', says: /bodies of this size/ },
    { status: 422, fault: 'event', says: /^Answered 422$/ },
    { status: 500, fault: 'endpoint', says: /^Answered 500$/ },
    { status: 501, fault: 'endpoint', says: /^Answered 501$/ },
  ])('of $status', ({ status, fault, says }) => {
    it('is a failure, that is tried again on the schedule and dead at its end', async () => {
      // As private as can be, and open to this endpoint: that it is not reached is due to nobody following.
      const { receiver: inside, url: location } = await startReceiver();
      const { receiver, url } = await startReceiver({
        answer: answer(status, { location }),
      });
      const world = await startWorld(storeId);
      await world.create('e', url, { retryScheduleMs: schedule });
      await world.publish('k');
      const dead = await playToItsEnd(world, 'e', schedule);

      const reason = expect.stringMatching(says);
      expect(dead).toMatchObject({ state: 'dead', attempts: 3, error: reason });
      await expect(readAttempts(world, 'e', 3)).resolves.toEqual(
        [1, 2, 3].map(number => ({
          number,
          outcome: 'failed',
          status,
          reason,
        })),
      );
      await expect(readHealth(world, 'e')).resolves.toMatchObject({
        breaker: { state: 'closed', failures: fault === 'event' ? 0 : 3 },
        spell: { failures: 3 },
      });
      await expect(readState(world, 'e')).resolves.toBe('active');
      expect(receiver.requests).toHaveLength(3);
      expect(inside.connections).toBe(0);
    });
  });

  it('of 410 disables the endpoint, is to be announced, and leaves the event for whoever resumes it', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(410) });
    const { receiver: other, url: otherUrl } = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('e', url, { retryScheduleMs: [0] });
    await world.create('other', otherUrl);
    const [first] = await world.publish('k');
    const { stateReason, stateBy } = await world.untilState('e', 'disabled');
    expect(stateReason).toMatch(/^Answered 410: the receiver is gone/);
    expect(stateBy).toBe('system');
    // As often as the schedule allows, and not dead all the same.
    await expect(untilTried(world, 'e', 1)).resolves.toMatchObject({
      state: 'due',
      attempts: 1,
    });
    await expect(readAttempts(world, 'e', 1)).resolves.toMatchObject([
      { number: 1, outcome: 'gone', status: 410 },
    ]);
    await expect(world.endpoints.listAnnouncements()).resolves.toMatchObject([
      { endpoint: { id: 'e', stateReason } },
    ]);

    const [next] = await world.publish('k');
    await other.waitFor(2);
    await world.pools.passPauses();
    await world.webhooks.lookForDue();
    expect(receiver.requests).toHaveLength(1);

    receiver.answerWith(answer(200));
    await world.endpoints.setState('e', { state: 'active', by: 'system' });
    await world.webhooks.refresh();
    await world.untilSettled('e');
    expect(
      receiver.requests.map(({ headers }) => headers['webhook-id']),
    ).toEqual([first.id, first.id, next.id]);
  });
});

/** Has a receiver note when, by the clock of the breaker, each request came. */
function noteTimes(
  receiver: WebhookReceiver,
  world: WebhookWorld,
  answers: () => ReceiverAnswer,
): number[] {
  const times: number[] = [];
  receiver.answerWith(() => {
    times.push(Date.now() + world.aheadMs);
    return answers();
  });
  return times;
}

describe.each(worlds.ids)('a receiver that cannot keep up, on %s', storeId => {
  // A date has whole seconds, and the answer takes a while on its way.
  const inAMinute = () =>
    new Date(
      (Math.floor(Date.now() / second) + 2) * second + minute,
    ).toUTCString();

  describe.each([
    { status: 429, asks: 'nothing', headers: () => ({}), pauseMs: 5 * second },
    {
      status: 429,
      asks: 'a pause of seconds',
      headers: () => ({ 'retry-after': '60' }),
      pauseMs: minute,
    },
    {
      status: 429,
      asks: 'a pause until an HTTP date',
      headers: () => ({ 'retry-after': inAMinute() }),
      pauseMs: minute,
    },
    {
      status: 429,
      asks: 'a pause of nonsense',
      headers: () => ({ 'retry-after': 'soon' }),
      pauseMs: 5 * second,
    },
    { status: 502, asks: 'nothing', headers: () => ({}), pauseMs: 5 * second },
    { status: 503, asks: 'nothing', headers: () => ({}), pauseMs: 5 * second },
    {
      status: 503,
      asks: 'a pause of seconds',
      headers: () => ({ 'Retry-After': '120' }),
      pauseMs: 2 * minute,
    },
    { status: 504, asks: 'nothing', headers: () => ({}), pauseMs: 5 * second },
  ])('and answers $status, with $asks', ({ status, headers, pauseMs }) => {
    it('is sent nothing else until its pause is over, then one probe, then the rest', async () => {
      const { receiver, url } = await startReceiver();
      const { receiver: other, url: otherUrl } = await startReceiver();
      const world = await startWorld(storeId);
      const answers = [answer(status, headers())];
      const times = noteTimes(
        receiver,
        world,
        () => answers.shift() ?? answer(200),
      );
      await world.create('e', url, { retryScheduleMs: [0, second, second] });
      await world.create('other', otherUrl);

      const [first] = await world.publish('k');
      const owed = await untilTried(world, 'e', 1);
      const [attempt] = await world.untilAttempts('e', 1);
      expect(attempt).toMatchObject({ outcome: 'throttled', status });
      // Not before the endpoint is sent anything, if its receiver asked for that.
      expect(owed.state).toBe('due');
      expect(owed.pauseMs).toBeGreaterThanOrEqual(
        pauseMs > 5 * second ? pauseMs - 1 : second * (1 - jitter),
      );
      const { breaker } = await readHealth(world, 'e');
      expect(breaker).toMatchObject({ state: 'open', pauses: 1 });
      const untilMs = breaker.state === 'open' ? breaker.untilMs : 0;
      const endMs = attempt.startedAtMs + attempt.durationMs;
      expect(untilMs).toBeGreaterThanOrEqual(attempt.startedAtMs + pauseMs);
      // A date has whole seconds, the answer was on its way, and the machine is busy.
      expect(untilMs).toBeLessThan(endMs + pauseMs + 3 * second);

      await world.publish('l', 'm');
      await other.waitFor(3);
      await world.pools.passPauses();
      await world.webhooks.lookForDue();
      world.aheadMs = untilMs - Date.now() - second;
      await world.webhooks.lookForDue();
      expect(receiver.requests).toHaveLength(1);
      world.aheadMs = untilMs - Date.now();
      await world.untilSettled('e');

      expect(receiver.requests).toHaveLength(4);
      expect(times.slice(1).every(timeMs => timeMs >= untilMs)).toBe(true);
      // What was throttled is not lost, whichever event the probe was.
      expect(
        receiver.requests.filter(
          ({ headers: sent }) => sent['webhook-id'] === first.id,
        ),
      ).toHaveLength(2);
      await expect(readHealth(world, 'e')).resolves.toMatchObject({
        breaker: { state: 'closed', failures: 0 },
      });
      await expect(readState(world, 'e')).resolves.toBe('active');
    });
  });

  it('for ever has its event dead at the end of the schedule, and longer pauses each time', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(503) });
    const world = await startWorld(storeId);
    await world.create('e', url, { retryScheduleMs: schedule });
    await world.publish('k');
    const pauses: number[] = [];
    for (const attempts of [1, 2, 3]) {
      await untilTried(world, 'e', attempts);
      const [attempt] = (await world.untilAttempts('e', attempts)).slice(-1);
      const { breaker } = await readHealth(world, 'e');
      expect(breaker).toMatchObject({ state: 'open', pauses: attempts });
      const untilMs = breaker.state === 'open' ? breaker.untilMs : 0;
      pauses.push(untilMs - attempt.startedAtMs);
      world.aheadMs = untilMs - Date.now();
      await world.pools.passPauses();
    }
    [5, 10, 20].forEach((seconds, index) => {
      expect(pauses[index]).toBeGreaterThanOrEqual(seconds * second);
      expect(pauses[index]).toBeLessThan((seconds + 3) * second);
    });
    await expect(untilTried(world, 'e', 3)).resolves.toMatchObject({
      state: 'dead',
      error: expect.stringMatching(/^Answered 503: .* cannot keep up/),
    });
    expect(receiver.requests).toHaveLength(3);
  });

  it('is sent the rest as soon as its probe has come through, however long that took', async () => {
    const { receiver, url } = await startReceiver();
    const answers = [answer(503), { ...answer(200), afterMs: 300 }];
    receiver.answerWith(() => answers.shift() ?? answer(200));
    const world = await startWorld(storeId);
    await world.create('e', url);
    await world.publish('k');
    await untilTried(world, 'e', 1);
    await world.publish('l', 'm');
    await world.pools.passPauses();
    const { breaker } = await readHealth(world, 'e');
    const untilMs = breaker.state === 'open' ? breaker.untilMs : 0;
    world.aheadMs = untilMs - Date.now();
    await receiver.waitFor(2);
    // The probe is on its way, and what may follow it waits for the breaker.
    await world.webhooks.lookForDue();
    await receiver.waitFor(4);
  }, 20_000);

  it('may say so with any failure, by asking for a pause', async () => {
    const { receiver, url } = await startReceiver({
      answer: answer(500, { 'retry-after': '3600' }),
    });
    const world = await startWorld(storeId);
    await world.create('e', url, { retryScheduleMs: schedule });
    await world.publish('a');
    const owed = await untilTried(world, 'e', 1);
    expect(owed.pauseMs).toBeGreaterThanOrEqual(60 * minute - 1);
    const { breaker } = await readHealth(world, 'e');
    expect(breaker).toMatchObject({ state: 'open', pauses: 1 });
    expect(breaker.state === 'open' && breaker.untilMs).toBeGreaterThan(
      Date.now() + 59 * minute,
    );
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('an exchange that comes to no answer', () => {
  /** At each: what the attempts say, and how many requests came with three attempts. */
  const troubles: Record<
    string,
    {
      start(): Promise<{ receiver: WebhookReceiver; url: string }>;
      says: RegExp;
      requests: number;
      settings?: { timeLimitMs: number };
    }
  > = {
    'a refused connection': {
      async start() {
        const started = await startReceiver();
        await started.receiver.stop();
        return started;
      },
      says: /^The connection was refused: connect ECONNREFUSED/,
      requests: 0,
    },
    'a connection that is reset before the answer': {
      start: () => startReceiver({ answer: { kind: 'reset' } }),
      says: /^The receiver closed the connection before it had answered/,
      requests: 3,
    },
    'a connection that is reset within the answer': {
      start: () => startReceiver({ answer: { kind: 'reset', status: 200 } }),
      says: /^Answered 200, but: The receiver closed the connection/,
      requests: 3,
    },
    'a certificate that nobody vouches for': {
      start: () => startReceiver({ tls: selfSigned }),
      says: /^TLS failed: self-signed certificate/,
      requests: 0,
    },
    'no TLS at an https URL': {
      async start() {
        const { receiver, url } = await startReceiver();
        return { receiver, url: url.replace('http:', 'https:') };
      },
      says: /^TLS failed: /,
      requests: 0,
    },
    'headers that take too long': {
      start: () => startReceiver({ answer: { kind: 'hang' } }),
      says: /^No answer within [\d.]+ ms$/,
      requests: 3,
      settings: { timeLimitMs: second },
    },
    'a body that takes too long': {
      start: () =>
        startReceiver({ answer: { kind: 'drip', status: 200, everyMs: 20 } }),
      says: /^Answered 200, but the answer did not end within [\d.]+ ms$/,
      requests: 3,
      settings: { timeLimitMs: second },
    },
  };

  it.each(Object.keys(troubles))(
    'is a failure, that is tried again on the schedule and dead at its end: %s',
    async name => {
      const { start, says, requests, settings } = troubles[name];
      const { receiver, url } = await start();
      const world = await startWorld(anyStore);
      await world.create('e', url, { retryScheduleMs: schedule, ...settings });
      await world.publish('k');
      const dead = await playToItsEnd(world, 'e', schedule);

      const reason = expect.stringMatching(says);
      expect(dead).toMatchObject({ state: 'dead', attempts: 3, error: reason });
      await expect(readAttempts(world, 'e', 3)).resolves.toEqual(
        [1, 2, 3].map(number => ({
          number,
          outcome: 'failed',
          status: undefined,
          reason,
        })),
      );
      await expect(readHealth(world, 'e')).resolves.toMatchObject({
        breaker: { state: 'closed', failures: 3 },
      });
      expect(receiver.requests).toHaveLength(requests);
      // Nothing is left open that the receiver could go on with.
      await Promise.all(receiver.requests.map(({ closed }) => closed));
    },
  );

  it('takes as long as the limit of the endpoint, and not much longer', async () => {
    const { receiver, url } = await startReceiver({ answer: { kind: 'hang' } });
    const world = await startWorld(anyStore);
    await world.create('e', url, { retryScheduleMs: [0], timeLimitMs: second });
    await world.publish('k');
    const [{ durationMs }] = await world.untilAttempts('e', 1);
    expect(durationMs).toBeGreaterThanOrEqual(second - 5);
    expect(durationMs).toBeLessThan(2 * second);
    expect(receiver.requests).toHaveLength(1);
  });

  it('is none with a certificate that the endpoint trusts', async () => {
    const { receiver, url } = await startReceiver({ tls: selfSigned });
    const world = await startWorld(anyStore);
    await world.create('e', url, { tls: { authorities: selfSigned.cert } });
    await world.publish('k');
    await world.untilSettled('e');
    expect(receiver.requests).toHaveLength(1);
    await expect(readOwed(world, 'e')).resolves.toEqual([]);
  });
});

describe('an answer that is too large', () => {
  const megabyte = 1_000_000;
  /** Of an answer that all went well. */
  const keptCharacters = 1_024;

  function measureMemory() {
    const before = process.memoryUsage();
    return () => {
      const { rss, heapUsed, external } = process.memoryUsage();
      return {
        rss: rss - before.rss,
        heap: heapUsed + external - before.heapUsed - before.external,
      };
    };
  }

  it('of 100 MB is cut, at ten requests side by side, and nothing of the rest is read or kept', async () => {
    const { receiver, url } = await startReceiver({
      answer: { kind: 'flood', status: 200, bytes: 100 * megabyte },
    });
    const world = await startWorld(anyStore);
    await world.create('e', url, { concurrency: 10 });
    const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
    await world.publish(...keys);
    await world.untilSettled('e');
    const readGrowth = measureMemory();
    for (let round = 0; round < 3; round += 1) {
      await world.publish(...keys);
      await world.untilSettled('e');
    }
    const { rss, heap } = readGrowth();
    await Promise.all(receiver.requests.map(({ closed }) => closed));

    expect(receiver.requests).toHaveLength(40);
    // Of 3 GB that were offered.
    expect(rss).toBeLessThan(100 * megabyte);
    expect(heap).toBeLessThan(50 * megabyte);
    // What a receiver can write is what the kernel holds for both sides, a few megabytes at most.
    expect(receiver.bytesWritten / 40).toBeLessThan((100 * megabyte) / 8);
    const attempts = await world.untilAttempts('e', 40);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        outcome: 'delivered',
        status: 200,
        answer: { cut: true, body: '.'.repeat(keptCharacters) },
      });
    }
  });

  it('of 100 MB and 500 is a failure like any other', async () => {
    const { receiver, url } = await startReceiver({
      answer: { kind: 'flood', status: 500, bytes: 100 * megabyte },
    });
    const world = await startWorld(anyStore);
    await world.create('e', url, { retryScheduleMs: schedule });
    await world.publish('k');
    const dead = await playToItsEnd(world, 'e', schedule);
    expect(dead).toMatchObject({ state: 'dead', error: 'Answered 500' });
    await Promise.all(receiver.requests.map(({ closed }) => closed));
  });

  describe.each(worlds.ids)('once it is decompressed, on %s', storeId => {
    it('is kept as it came', async () => {
      const { url } = await startReceiver({
        answer: {
          kind: 'gzip bomb',
          status: 200,
          decompressedBytes: 10 * megabyte,
        },
      });
      const world = await startWorld(storeId);
      await world.create('e', url);
      await world.publish('k');
      const [{ outcome, answer: kept }] = await world.untilAttempts('e', 1);
      expect(outcome).toBe('delivered');
      expect(kept).toMatchObject({
        headers: { 'content-encoding': 'gzip' },
        cut: true,
      });
      // The two bytes that gzip begins with, of which one is no UTF-8.
      expect(kept?.body.slice(0, 2)).toBe('\u001f\uFFFD');
      expect(kept?.body.length).toBe(keptCharacters);
    });

    it('is cut as it came, with 10 GB in it', async () => {
      const { receiver, url } = await startReceiver({
        answer: {
          kind: 'gzip bomb',
          status: 200,
          decompressedBytes: 10_000 * megabyte,
        },
      });
      const world = await startWorld(storeId);
      await world.create('e', url);
      const readGrowth = measureMemory();
      await world.publish('k');
      const [{ outcome, answer: kept }] = await world.untilAttempts('e', 1);
      const { rss } = readGrowth();
      expect(outcome).toBe('delivered');
      expect(kept).toMatchObject({ cut: true });
      expect(kept?.body.length).toBe(keptCharacters);
      expect(rss).toBeLessThan(50 * megabyte);
      await receiver.requests[0].closed;
    });
  });
});
