import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import fc from 'fast-check';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();
const plenty = { events: 1_000, bytes: 1_000_000 };

describe.each(stores.ids)('reading the log on %s', storeId => {
  async function openLog(events: readonly NewEvent[] = []) {
    const log = new SqlEventLog(await stores.open(storeId));
    if (events.length > 0) {
      await log.append(events);
    }
    return log;
  }

  it('reads an empty log', async () => {
    const log = await openLog();
    await expect(log.readAfter(0, {}, plenty)).resolves.toEqual({
      events: [],
      upTo: 0,
      tail: 0,
      head: 0,
    });
    await expect(log.ends()).resolves.toEqual({ head: 0, tail: 0 });
    await expect(log.topics()).resolves.toEqual([]);
    await expect(log.positionBefore(Date.now())).resolves.toBe(0);
  });

  it('gives events as they were appended', async () => {
    const event = makeEvent('a', {
      key: 'k',
      deduplicationId: 'd',
      payload: '{"x":1}',
      metadata: '{"h":["1","2"]}',
    });
    const log = await openLog([event]);
    const { events } = await log.readAfter(0, {}, plenty);
    expect(events).toEqual([
      { ...event, position: 1, timeMs: expect.any(Number) },
    ]);
    await expect(log.readById(event.id)).resolves.toEqual(events[0]);
    await expect(log.readPositions([1, 7])).resolves.toEqual(events);
  });

  it('shows every event once to a reader that goes on from upTo, whatever the limits', async () => {
    const topics = ['a', 'b', 'c'];
    const log = await openLog();
    let appended: string[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            topic: fc.constantFrom(...topics),
            length: fc.nat(50),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        fc.subarray(topics, { minLength: 1 }),
        fc.record({
          events: fc.integer({ min: 1, max: 5 }),
          bytes: fc.integer({ min: 1, max: 120 }),
        }),
        async (additions, wanted, limit) => {
          const start = await log.tail();
          const batch = additions.map(({ topic, length }) =>
            makeEvent(topic, { payload: JSON.stringify('x'.repeat(length)) }),
          );
          await log.append(batch);
          appended = batch
            .filter(({ topic }) => wanted.includes(topic))
            .map(({ id }) => id);

          const seen: string[] = [];
          let cursor = start;
          for (;;) {
            const slice = await log.readAfter(
              cursor,
              { topics: wanted },
              limit,
            );
            expect(slice.upTo).toBeGreaterThanOrEqual(cursor);
            seen.push(...slice.events.map(({ id }) => id));
            cursor = slice.upTo;
            if (cursor === slice.tail) {
              break;
            }
          }
          expect(seen).toEqual(appended);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('finds the events of any number of topics, in order', async () => {
    const topics = Array.from({ length: 2_000 }, (_, index) => `t${index}`);
    const some = [topics[1_999], topics[700], topics[0], topics[1_200]];
    const log = await openLog(
      [...some, 'unwanted'].map(topic => makeEvent(topic)),
    );
    const read = async (limit: typeof plenty) => {
      const { events } = await log.readAfter(0, { topics }, limit);
      return events.map(({ topic }) => topic);
    };
    await expect(read(plenty)).resolves.toEqual(some);
    await expect(read({ ...plenty, events: 2 })).resolves.toEqual(
      some.slice(0, 2),
    );
  });

  it('lists the topics with the newest event of each', async () => {
    const log = await openLog(['b', 'a', 'b'].map(topic => makeEvent(topic)));
    const { events } = await log.readAfter(0, {}, plenty);
    await expect(log.topics()).resolves.toEqual([
      { topic: 'a', lastPosition: 2, lastTimeMs: events[1].timeMs },
      { topic: 'b', lastPosition: 3, lastTimeMs: events[2].timeMs },
    ]);
  });
});
