import { mockServices } from '@backstage/backend-test-utils';
import { AwayError, FakeAccess } from './__testUtils__/FakeAccess';
import { kindsOf, makeBatch, makeClaimed } from './__testUtils__/fakes';
import type { ClaimedBatch, HandledEvent } from './ClaimedBatch';
import { HandlerLoop, type HandleBatch, type LoopOptions } from './HandlerLoop';
import { SubscriptionMissingError } from './SubscriptionAccess';

const one = makeBatch([makeClaimed({ position: 1 })]);
const two = makeBatch([makeClaimed({ position: 2 })]);

const deliver = async ({ events }: ClaimedBatch): Promise<HandledEvent[]> =>
  events.map(event => ({
    event,
    outcome: { kind: 'delivered', durationMs: 1 },
  }));

function createLoop(
  options: Partial<LoopOptions> = {},
  handle: HandleBatch = deliver,
  hasRoom: (openBatches: number) => boolean = () => true,
) {
  const access = new FakeAccess();
  const logger = mockServices.logger.mock();
  const lapsed: string[] = [];
  const loop: HandlerLoop = new HandlerLoop({
    subscriptionId: 's',
    access,
    options: {
      maxBatchEvents: 200,
      patienceMs: 1,
      loadedBatchEvents: 16,
      gatherMs: { least: 1, most: 1 },
      sparing: { afterFailures: 20, maxBatchEvents: 10, pauseMs: 1 },
      waitLimitMs: 60_000,
      callLimitMs: 60_000,
      errorDelayMs: 1,
      ...options,
    },
    logger,
    register: () =>
      access.register('s', {
        topics: ['t'],
        start: 'end',
        retry: undefined,
        perProcess: false,
      }),
    handle,
    hasRoom,
    onLapsed: () => lapsed.push('s'),
  });
  const positions = () =>
    access.settled.flatMap(({ handled }) =>
      handled.map(({ event }) => event.position),
    );
  return { access, logger, lapsed, loop, positions };
}

/** Handling that goes on until it is told to end. */
function createWork() {
  const ends: (() => void)[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const asked: (() => boolean)[] = [];
  let begun = 0;
  return {
    /** Whether what was begun last may begin with more. */
    mayBegin: () => asked.at(-1)?.(),
    /** Resolves when as many batches have begun. */
    waitFor: (count: number) =>
      new Promise<void>(resolve => {
        if (begun >= count) {
          resolve();
        } else {
          waiting.push({ count, resolve });
        }
      }),
    end: () => ends.splice(0).forEach(end => end()),
    handle: async (batch: ClaimedBatch, mayBegin: () => boolean) => {
      asked.push(mayBegin);
      begun += 1;
      waiting
        .filter(({ count }) => begun >= count)
        .forEach(({ resolve }) => resolve());
      await new Promise<void>(resolve => ends.push(resolve));
      return deliver(batch);
    },
  };
}

describe('HandlerLoop', () => {
  it('claims, handles and settles, again and again', async () => {
    const { access, loop, positions } = createLoop();
    loop.start();
    loop.start();
    access.offer(one);
    await access.until(() => access.settled.length === 1);
    access.offer(two);
    await access.until(() => access.settled.length === 2);
    await loop.stop(1_000);
    expect(positions()).toEqual([1, 2]);
  });

  it('claims again after a failure', async () => {
    const { access, logger, loop, positions } = createLoop();
    access.fail('claim', new AwayError('away'), new Error('odd'));
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(positions()).toEqual([1]);
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });

  it('warns of the same failure once until reading works again, and says when it does', async () => {
    const { access, logger, loop } = createLoop();
    const away = new AwayError('away');
    access.fail('claim', away, away, away);
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.info).toHaveBeenCalledTimes(1);
    access.fail('claim', away);
    access.offer(two);
    await access.until(() => access.settled.length === 2);
    await loop.stop(1_000);
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });

  it('makes its subscription stand again when it is gone, until that works', async () => {
    const { access, loop } = createLoop();
    const missing = new SubscriptionMissingError('s');
    access.fail('claim', missing, missing);
    access.fail('register', new AwayError('away'));
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(access.count('register')).toBe(2);
    expect(access.registered).toHaveLength(1);
  });

  it('settles late when the store is back', async () => {
    const { access, loop, positions } = createLoop();
    access.fail('settle', new AwayError('away'), new AwayError('still away'));
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(positions()).toEqual([1]);
    expect(access.count('settle')).toBe(3);
  });

  it('leaves to lapse what the store refuses to record', async () => {
    const { access, loop, positions } = createLoop();
    access.fail('settle', new Error('refused'));
    access.offer(one);
    loop.start();
    await access.until(() => access.count('settle') === 1);
    access.offer(two);
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(positions()).toEqual([2]);
  });

  it('says so when a lease had lapsed before it settled', async () => {
    const { access, lapsed, logger, loop } = createLoop();
    access.settles = false;
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(lapsed).toEqual(['s']);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('not settled within its lease'),
    );
  });

  it('spares a handler that fails at everything until it succeeds', async () => {
    let works = false;
    const { access, logger, loop } = createLoop(
      { sparing: { afterFailures: 2, maxBatchEvents: 1, pauseMs: 1 } },
      async batch =>
        works
          ? deliver(batch)
          : batch.events.map(event => ({
              event,
              outcome: { kind: 'failed', error: 'away', durationMs: 1 },
            })),
    );
    access.offer(makeBatch([makeClaimed({ position: 1 })]));
    access.offer(makeBatch([makeClaimed({ position: 2 })]));
    loop.start();
    await access.until(() => access.asked.length === 3);
    works = true;
    access.offer(makeBatch([makeClaimed({ position: 3 })]));
    await access.until(() => access.asked.length === 4);
    await loop.stop(1_000);
    expect(access.asked).toEqual([200, 200, 1, 200]);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.info).toHaveBeenCalledTimes(1);
  });

  it('renews the lease while it handles, whether or not that works', async () => {
    const work = createWork();
    const { access, loop } = createLoop({}, work.handle);
    access.fail('renew', new AwayError('away'));
    access.offer({ ...one, leaseMs: 3 });
    loop.start();
    await access.until(() => access.count('renew') === 3);
    work.end();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
  });

  it('begins with nothing more of a batch whose ticket is not good any more', async () => {
    const work = createWork();
    const { access, loop } = createLoop({}, work.handle);
    access.renews = false;
    // Long enough for the clock, and renewed soon all the same.
    access.offer({ ...one, leaseMs: 30, leasedFromMs: one.leasedFromMs + 1e6 });
    loop.start();
    await work.waitFor(1);
    expect(work.mayBegin()).toBe(true);
    await access.until(() => access.count('renew') === 2);
    expect(work.mayBegin()).toBe(false);
    work.end();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
  });

  it('begins with nothing more of a batch whose lease was over before an answer came', async () => {
    const work = createWork();
    const { access, loop } = createLoop({}, work.handle);
    access.offer({ ...one, leasedFromMs: performance.now() - one.leaseMs });
    loop.start();
    await work.waitFor(1);
    expect(work.mayBegin()).toBe(false);
    work.end();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
  });

  it('is not held up for ever by a claim that hangs, and hands back what it brings in the end', async () => {
    const { access, loop, positions } = createLoop({
      waitLimitMs: 5,
      callLimitMs: 5,
    });
    let bring = (_: ClaimedBatch) => {};
    const hanging = new Promise<ClaimedBatch>(resolve => {
      bring = resolve;
    });
    jest.spyOn(access, 'claim').mockReturnValueOnce(hanging);
    loop.start();
    // The next claim is there, so nobody waits for the first any more.
    await access.until(() => access.count('claim') > 0);
    bring(one);
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(positions()).toEqual([1]);
    expect(kindsOf(access.settled[0].handled)).toEqual({ 1: 'untried' });
  });

  it('is not held up for ever by a settlement that hangs', async () => {
    const { access, loop, positions } = createLoop({ callLimitMs: 5 });
    access.obstruct('settle', () => new Promise(() => {}));
    access.offer(one);
    loop.start();
    await access.until(() => access.settled.length === 1);
    await loop.stop(1_000);
    expect(positions()).toEqual([1]);
    expect(access.count('settle')).toBe(2);
  });

  it('claims beside a batch that takes long, but no more than there is room for', async () => {
    const work = createWork();
    const { access, loop } = createLoop({}, work.handle, open => open < 2);
    [1, 2, 3].forEach(position =>
      access.offer(makeBatch([makeClaimed({ position })])),
    );
    loop.start();
    await work.waitFor(2);
    expect(access.settled).toEqual([]);
    expect(access.count('claim')).toBe(2);
    work.end();
    await work.waitFor(3);
    const stopping = loop.stop(60_000);
    work.end();
    await stopping;
    expect(access.settled).toHaveLength(3);
  });

  it('lets end what it handles when it stops, and claims no more', async () => {
    const work = createWork();
    const { access, loop, positions } = createLoop({}, work.handle);
    access.offer(one);
    loop.start();
    await work.waitFor(1);
    const stopping = loop.stop(60_000);
    expect(work.mayBegin()).toBe(false);
    const claims = access.count('claim');
    access.offer(two);
    work.end();
    await stopping;
    expect(positions()).toEqual([1]);
    expect(access.count('claim')).toBeLessThanOrEqual(claims + 1);
  });

  it('waits for handlers no longer than the grace', async () => {
    const work = createWork();
    const { access, logger, loop } = createLoop({}, work.handle);
    access.offer(one);
    loop.start();
    await work.waitFor(1);
    await loop.stop(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('within 1 ms'),
    );
    work.end();
    await access.until(() => access.settled.length === 1);
  });

  it('settles when the store is back, though it stops meanwhile', async () => {
    const { access, loop, positions } = createLoop();
    access.fail('settle', new AwayError('away'), new AwayError('still away'));
    access.offer(one);
    loop.start();
    await access.until(() => access.count('settle') === 1);
    const stopping = loop.stop(60_000);
    await stopping;
    expect(positions()).toEqual([1]);
    expect(access.count('settle')).toBe(3);
  });

  it('gives up settling when the grace is over', async () => {
    const { access, logger, loop } = createLoop({ errorDelayMs: 60_000 });
    access.fail('settle', new AwayError('away'));
    access.offer(one);
    loop.start();
    await access.until(() => access.count('settle') === 1);
    await loop.stop(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('could not be settled, within 1 ms'),
    );
    expect(access.count('settle')).toBe(1);
  });

  it('can be stopped before it starts, and does not start then', async () => {
    const { access, loop } = createLoop();
    await loop.stop(1_000);
    loop.start();
    expect(access.calls).toEqual([]);
  });
});
