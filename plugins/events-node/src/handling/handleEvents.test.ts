import { mockServices } from '@backstage/backend-test-utils';
import type { EventParams } from '@backstage/plugin-events-node';
import fc from 'fast-check';
import type { BatchFailure } from '../SubscribeOptions';
import {
  blindObserver,
  kindsOf,
  makeBatch,
  makeClaimed,
} from './__testUtils__/fakes';
import type { ClaimedEvent, HandledEvent } from './ClaimedBatch';
import {
  handleOneByOne,
  handleTogether,
  type HandlingContext,
} from './handleEvents';
import { Slots } from './Slots';

function createContext(fields: Partial<HandlingContext> = {}) {
  const logger = mockServices.logger.mock();
  const context: HandlingContext = {
    subscriptionId: 's',
    timeLimitMs: 60_000,
    slots: new Slots(10),
    observer: blindObserver,
    logger,
    takes: () => true,
    mayBegin: () => true,
    ...fields,
  };
  return { context, logger };
}

const keyless = [1, 2, 3].map(position => makeClaimed({ position }));
const keyed = [1, 2, 3].map(position => makeClaimed({ position, key: 'k' }));

/** A batch handler that keeps what each call is given. */
function createBatchHandler(
  answer: (
    events: readonly EventParams[],
  ) => void | readonly BatchFailure[] | Promise<void> = () => {},
  read = (params: EventParams) => params,
) {
  const calls: unknown[][] = [];
  return {
    calls,
    read,
    async onBatch(events: readonly EventParams[]) {
      calls.push(events.map(({ eventPayload }) => eventPayload));
      return answer(events);
    },
  };
}

const batches = fc
  .uniqueArray(
    fc.record({
      position: fc.nat(1_000),
      key: fc.constantFrom('a', 'b', undefined),
      attempt: fc.constantFrom(1, 1, 1, 2),
      fails: fc.boolean(),
    }),
    { selector: ({ position }) => position, maxLength: 20 },
  )
  .map(fields => ({
    events: fields.map(({ position, key, attempt }) =>
      makeClaimed({ position, key, attempt }),
    ),
    failing: new Set(
      fields.filter(({ fails }) => fails).map(({ position }) => position),
    ),
  }));

/** Per key, what is delivered comes first, then one failure, then what was not tried. */
function expectOrder(
  events: readonly ClaimedEvent[],
  kinds: Record<number, string>,
) {
  for (const key of ['a', 'b']) {
    const ofKey = events
      .filter(event => event.key === key)
      .sort((a, b) => a.position - b.position)
      .map(({ position }) => kinds[position]);
    expect(ofKey.join(' ')).toMatch(/^(delivered ?)*(failed( untried)*)?$/);
  }
}

describe('handling one by one', () => {
  it('handles each event once, each key in order, and nothing of a key behind a failure', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async ({ events, failing }) => {
        const given: unknown[] = [];
        const { context } = createContext();
        const handled = await handleOneByOne(
          makeBatch(events),
          async ({ eventPayload }) => {
            given.push(eventPayload);
            await new Promise(setImmediate);
            if (failing.has(Number(eventPayload))) {
              throw new Error('boom');
            }
          },
          context,
        );
        const kinds = kindsOf(handled);
        expect(handled).toHaveLength(events.length);
        expect(Object.keys(kinds)).toHaveLength(events.length);
        expectOrder(events, kinds);
        expect(given).toHaveLength(new Set(given).size);
        for (const { position, key } of events) {
          expect(given.includes(position)).toBe(kinds[position] !== 'untried');
          if (key === undefined) {
            expect(kinds[position]).toBe(
              failing.has(position) ? 'failed' : 'delivered',
            );
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('says what a handler threw', async () => {
    const { context, logger } = createContext();
    const handled = await handleOneByOne(
      makeBatch([keyless[0]]),
      () => {
        throw new Error('at once');
      },
      context,
    );
    expect(handled).toEqual([
      {
        event: keyless[0],
        outcome: {
          kind: 'failed',
          error: 'Error: at once',
          durationMs: expect.any(Number),
        },
      },
    ]);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('waits for a handler no longer than its time limit, and gives its slot to the next', async () => {
    const { context } = createContext({ timeLimitMs: 10, slots: new Slots(1) });
    const handled = await handleOneByOne(
      makeBatch(keyless),
      () => new Promise(() => {}),
      context,
    );
    expect(kindsOf(handled)).toEqual({ 1: 'failed', 2: 'failed', 3: 'failed' });
    expect(handled[0].outcome).toMatchObject({
      error: expect.stringContaining('events.handlers.timeLimit'),
    });
  });

  it('does not begin with anything once it may not, and lets end what has begun', async () => {
    let mayBegin = true;
    const { context } = createContext({
      mayBegin: () => mayBegin,
      slots: new Slots(1),
    });
    const handled = await handleOneByOne(
      makeBatch(keyless),
      async () => {
        mayBegin = false;
      },
      context,
    );
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'untried',
      3: 'untried',
    });
  });
});

describe('a topic that no handler of the process takes', () => {
  const nowMs = Date.now();
  const events = [
    makeClaimed({ position: 1, key: 'k', timeMs: nowMs }),
    makeClaimed({ position: 2, key: 'k', timeMs: nowMs, topic: 'elsewhere' }),
    makeClaimed({ position: 3, key: 'k', timeMs: nowMs }),
    makeClaimed({ position: 4, key: 'l', timeMs: nowMs }),
    makeClaimed({ position: 5, timeMs: nowMs, topic: 'elsewhere' }),
  ];
  const takes = (topic: string) => topic === 't';
  const outcomesOf = (handled: readonly HandledEvent[]) =>
    Object.fromEntries(
      handled.map(({ event, outcome: { kind, ...outcome } }) => [
        event.position,
        kind === 'untried' ? { kind, ...outcome } : kind,
      ]),
    );
  const expected = {
    1: 'delivered',
    2: { kind: 'untried', afterMs: 5_000 },
    3: { kind: 'untried' },
    4: 'delivered',
    5: { kind: 'untried', afterMs: 5_000 },
  };

  it('is left to others without an attempt, and what is behind it with its key waits', async () => {
    const given: unknown[] = [];
    const { context, logger } = createContext({ takes });
    const handled = await handleOneByOne(
      makeBatch(events),
      async ({ eventPayload }) => {
        given.push(eventPayload);
      },
      context,
    );
    expect(outcomesOf(handled)).toEqual(expected);
    expect(given.sort()).toEqual([1, 4]);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('is kept from a batch handler', async () => {
    const handler = createBatchHandler();
    const { context } = createContext({ takes });
    const handled = await handleTogether(makeBatch(events), handler, context);
    expect(outcomesOf(handled)).toEqual(expected);
    expect(handler.calls).toEqual([[1, 4]]);
  });

  it('is tried once its event is so old that nobody else can take it', async () => {
    const old = events.map(event => ({
      ...event,
      timeMs: nowMs - 41 * 60_000,
    }));
    const { context } = createContext({ takes });
    const handled = await handleOneByOne(
      makeBatch(old),
      async ({ topic }) => {
        if (!takes(topic)) {
          throw new Error('no handler');
        }
      },
      context,
    );
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'failed',
      3: 'untried',
      4: 'delivered',
      5: 'failed',
    });
  });
});

describe('handling together', () => {
  it('settles each event once, each key in order, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.constantFrom('names', 'rejects', 'misfits'),
        async ({ events, failing }, how) => {
          const isFailing = ({ eventPayload }: EventParams) =>
            failing.has(Number(eventPayload));
          const handler = createBatchHandler(
            given => {
              const failures = given.flatMap((params, index) =>
                isFailing(params) ? [{ index, error: 'boom' }] : [],
              );
              if (how === 'rejects' && failures.length > 0) {
                throw new Error('all of it');
              }
              return failures;
            },
            params => {
              if (how === 'misfits' && isFailing(params)) {
                throw new Error('does not fit');
              }
              return params;
            },
          );
          const { context } = createContext();
          const kinds = kindsOf(
            await handleTogether(makeBatch(events), handler, context),
          );
          expect(Object.keys(kinds)).toHaveLength(events.length);
          expectOrder(events, kinds);
          for (const { position, attempt } of events) {
            // What fails is never called delivered, and what was tried before comes alone.
            expect(
              failing.has(position) && kinds[position] === 'delivered',
            ).toBe(false);
            if (attempt > 1) {
              expect(
                handler.calls.filter(call => call.includes(position)),
              ).toEqual(
                kinds[position] === 'untried'
                  ? []
                  : handler.calls.filter(
                      call => call.length === 1 && call[0] === position,
                    ),
              );
            }
          }
          expect(handler.calls.every(call => call.length > 0)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives the whole batch at once, in the order of the log', async () => {
    const handler = createBatchHandler();
    const { context } = createContext();
    const handled = await handleTogether(
      makeBatch([...keyless].reverse()),
      handler,
      context,
    );
    expect(handler.calls).toEqual([[1, 2, 3]]);
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'delivered',
      3: 'delivered',
    });
  });

  it('lets those fail that the handler names', async () => {
    const handler = createBatchHandler(() => [{ index: 1, error: 'boom' }]);
    const { context } = createContext();
    const handled = await handleTogether(makeBatch(keyless), handler, context);
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'failed',
      3: 'delivered',
    });
    expect(handled[1].outcome).toMatchObject({ error: 'boom' });
  });

  it('counts what is behind a failure with the same key as not tried, whatever the handler says', async () => {
    const handler = createBatchHandler(() => [
      { index: 1, error: 'boom' },
      { index: 2, error: 'boom' },
    ]);
    const { context } = createContext();
    const handled = await handleTogether(makeBatch(keyed), handler, context);
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'failed',
      3: 'untried',
    });
  });

  it('blames the first of each key when the whole batch fails, and says so once', async () => {
    const handler = createBatchHandler(() => {
      throw new Error('boom');
    });
    const { context, logger } = createContext();
    const events = [...keyed, makeClaimed({ position: 4 })];
    const handled = await handleTogether(makeBatch(events), handler, context);
    expect(kindsOf(handled)).toEqual({
      1: 'failed',
      2: 'untried',
      3: 'untried',
      4: 'failed',
    });
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('event 1 and 3 more'),
      expect.any(Error),
    );
  });

  it('gives what was tried before alone, so that one that always fails takes no other with it', async () => {
    const events = [
      makeClaimed({ position: 1, attempt: 2 }),
      makeClaimed({ position: 2, attempt: 2, key: 'k' }),
      makeClaimed({ position: 3, key: 'k' }),
      makeClaimed({ position: 4, key: 'l' }),
      makeClaimed({ position: 5 }),
    ];
    const handler = createBatchHandler(([{ eventPayload }]) => {
      if (eventPayload === 1) {
        throw new Error('always');
      }
    });
    const { context } = createContext();
    const handled = await handleTogether(makeBatch(events), handler, context);
    expect(handler.calls).toHaveLength(4);
    expect(handler.calls).toEqual(
      expect.arrayContaining([[1], [2], [3], [4, 5]]),
    );
    expect(kindsOf(handled)).toEqual({
      1: 'failed',
      2: 'delivered',
      3: 'delivered',
      4: 'delivered',
      5: 'delivered',
    });
  });

  it('lets a payload that does not fit fail alone, and nothing of its key pass it', async () => {
    const events = [...keyed, makeClaimed({ position: 4 })];
    const handler = createBatchHandler(
      () => [{ index: 1, error: 'boom' }],
      params => {
        if (params.eventPayload === 2) {
          throw new Error('does not fit');
        }
        return params;
      },
    );
    const { context } = createContext();
    const handled = await handleTogether(makeBatch(events), handler, context);
    expect(handler.calls).toEqual([[1, 4]]);
    expect(kindsOf(handled)).toEqual({
      1: 'delivered',
      2: 'failed',
      3: 'untried',
      4: 'failed',
    });
  });

  it('does not call the handler when nothing fits, or there is nothing', async () => {
    const handler = createBatchHandler(undefined, () => {
      throw new Error('does not fit');
    });
    const { context } = createContext();
    await handleTogether(makeBatch(keyless), handler, context);
    await expect(
      handleTogether(makeBatch([]), handler, context),
    ).resolves.toEqual([]);
    expect(handler.calls).toEqual([]);
  });

  it.each([3, -1, 0.5])(
    'lets all fail when the handler names an event that it was not given: %s',
    async index => {
      const handler = createBatchHandler(() => [{ index, error: 'boom' }]);
      const { context } = createContext();
      const handled = await handleTogether(
        makeBatch(keyless),
        handler,
        context,
      );
      expect(kindsOf(handled)).toEqual({
        1: 'failed',
        2: 'failed',
        3: 'failed',
      });
      expect(handled[0].outcome).toMatchObject({
        error: expect.stringContaining('it was given 3 events'),
      });
    },
  );

  it('counts a batch that takes too long as failed', async () => {
    const handler = createBatchHandler(() => new Promise<void>(() => {}));
    const { context } = createContext({ timeLimitMs: 10 });
    const handled = await handleTogether(makeBatch(keyless), handler, context);
    expect(kindsOf(handled)).toEqual({ 1: 'failed', 2: 'failed', 3: 'failed' });
  });

  it('does not begin once it may not', async () => {
    const handler = createBatchHandler();
    const { context } = createContext({ mayBegin: () => false });
    const handled = await handleTogether(makeBatch(keyless), handler, context);
    expect(handler.calls).toEqual([]);
    expect(kindsOf(handled)).toEqual({
      1: 'untried',
      2: 'untried',
      3: 'untried',
    });
  });
});
