import { maxCountedEvents } from '@callboard/backstage-plugin-events-common';
import fc from 'fast-check';
import { makeSettings } from '../../endpoints/__testUtils__/endpointPools';
import type { EventHead } from '../../log';
import { planReplay } from './planReplay';

const endpoint = { id: 'e', settings: makeSettings({ topics: ['wanted'] }) };

/** A log with an event at each position behind its head; each third one is wanted. */
function createLog(head: number, tail: number) {
  const reads: number[] = [];
  const makeHead = (position: number): EventHead => ({
    position,
    id: String(position),
    topic: position % 3 === 0 ? 'wanted' : 'other',
    key: null,
    deduplication_id: null,
    time: position,
    size: 0,
  });
  return {
    reads,
    ends: async () => ({ head, tail }),
    /** An event of each millisecond. */
    positionBefore: async (timeMs: number) =>
      Math.min(tail, Math.max(head, timeMs - 1)),
    list: async ({ after = 0, limit }: { after?: number; limit: number }) => {
      reads.push(after);
      return Array.from(
        { length: Math.min(limit, Math.max(0, tail - after)) },
        (_, index) => makeHead(after + 1 + index),
      );
    },
  };
}

const plan = (log: ReturnType<typeof createLog>, query: object) =>
  planReplay({ log, deliveries: { list: async () => [] } }, endpoint, query);

const at = (ms: number) => new Date(ms).toISOString();

describe('planning a replay', () => {
  it('takes what lies between two times, of what the log has, and counts it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(100),
        fc.nat(1_500),
        fc.option(fc.integer({ min: 1, max: 1_700 }), { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 1_700 }), { nil: undefined }),
        async (head, length, from, to) => {
          const tail = head + length;
          const taken = Array.from({ length }, (_, i) => head + 1 + i).filter(
            position =>
              (from === undefined || position >= from) &&
              (to === undefined || position < to),
          );
          const { place, upTo, total, wanted } = await plan(
            createLog(head, tail),
            {
              ...(from !== undefined && { from: at(from) }),
              ...(to !== undefined && { to: at(to) }),
            },
          );
          expect(total).toBe(taken.length);
          expect(wanted).toBe(taken.filter(each => each % 3 === 0).length);
          expect(upTo - place).toBe(taken.length);
          expect(place).toBeGreaterThanOrEqual(head);
        },
      ),
    );
  });

  it('counts no more than it says, however many there are', async () => {
    const log = createLog(0, 1_000_000);
    const { total, upTo } = await plan(log, { topic: 'wanted' });
    expect(total).toBe(maxCountedEvents);
    expect(upTo).toBe(1_000_000);
    expect(log.reads).toHaveLength(20);
  });
});
