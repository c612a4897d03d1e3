import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { plenty, positionsOf, readAll, topicsOf } from './readAll';

export function describeReading(open: () => Promise<EventLogSubject>): void {
  describe('reading', () => {
    async function openWith(events: readonly NewEvent[]) {
      const { log } = await open();
      const positions = positionsOf(await log.append(events));
      return { log, positions };
    }

    it('reads an empty log', async () => {
      const { log } = await open();
      await expect(log.readAfter(0, {}, plenty)).resolves.toEqual({
        events: [],
        upTo: 0,
        tail: 0,
        head: 0,
      });
    });

    it('gives events as they were appended', async () => {
      const event = makeEvent('a', {
        key: 'k',
        deduplicationId: 'd',
        payload: '{"x":1}',
        metadata: '{"h":["1","2"]}',
      });
      const bare = makeEvent('b');
      const { log, positions } = await openWith([event, bare]);
      await expect(readAll(log)).resolves.toEqual([
        { ...event, position: positions[0], timeMs: expect.any(Number) },
        { ...bare, position: positions[1], timeMs: expect.any(Number) },
      ]);
    });

    it('starts behind the position', async () => {
      const { log, positions } = await openWith([
        makeEvent('a'),
        makeEvent('b'),
        makeEvent('c'),
      ]);
      const slice = await log.readAfter(positions[0], {}, plenty);
      expect(topicsOf(slice.events)).toEqual(['b', 'c']);
    });

    it('finds nothing behind the tail, and does not go back', async () => {
      const { log, positions } = await openWith([makeEvent('a')]);
      const beyond = positions[0] + 100;
      await expect(log.readAfter(beyond, {}, plenty)).resolves.toEqual({
        events: [],
        upTo: beyond,
        tail: positions[0],
        head: 0,
      });
    });

    it('gives the tail, whatever the filter', async () => {
      const { log, positions } = await openWith([
        makeEvent('a'),
        makeEvent('b'),
      ]);
      for (const filter of [{}, { topics: ['a'] }, { topics: [] }]) {
        const { tail } = await log.readAfter(0, filter, plenty);
        expect(tail).toBe(positions[1]);
      }
    });

    it('passes what is not wanted', async () => {
      const { log, positions } = await openWith([
        makeEvent('a'),
        makeEvent('b'),
        makeEvent('b'),
      ]);
      for (const filter of [
        { topics: ['a'] },
        { topics: ['unknown'] },
        { topics: [] },
        { key: 'unknown' },
      ]) {
        const { upTo } = await log.readAfter(0, filter, plenty);
        expect(upTo).toBe(positions[2]);
      }
    });

    it('reads several topics in the order of the log', async () => {
      const topics = ['b', 'c', 'a', 'b', 'a'];
      const { log } = await openWith(topics.map(topic => makeEvent(topic)));
      const events = await readAll(log, { filter: { topics: ['a', 'b'] } });
      expect(topicsOf(events)).toEqual(['b', 'a', 'b', 'a']);
    });

    it('takes a topic for no more than it is', async () => {
      const { log } = await openWith(
        ['a', 'a.b', 'a.b.c', 'A', 'a_b', 'a%'].map(topic => makeEvent(topic)),
      );
      for (const topic of ['a', 'a.b', 'a_b', 'a%']) {
        const events = await readAll(log, { filter: { topics: [topic] } });
        expect(topicsOf(events)).toEqual([topic]);
      }
      const none = await readAll(log, { filter: { topics: ['a.*', '*'] } });
      expect(none).toEqual([]);
    });

    it('reads the events of one key', async () => {
      const { log } = await openWith([
        makeEvent('a', { key: 'x' }),
        makeEvent('b', { key: 'y' }),
        makeEvent('c'),
        makeEvent('d', { key: 'x' }),
      ]);
      const ofKey = await readAll(log, { filter: { key: 'x' } });
      expect(topicsOf(ofKey)).toEqual(['a', 'd']);
      const ofBoth = await readAll(log, {
        filter: { key: 'x', topics: ['c', 'd'] },
      });
      expect(topicsOf(ofBoth)).toEqual(['d']);
    });

    it('gives no more events than the limit, and says how far it read', async () => {
      const { log, positions } = await openWith(
        ['a', 'b', 'a', 'a'].map(topic => makeEvent(topic)),
      );
      const slice = await log.readAfter(
        0,
        { topics: ['a'] },
        { ...plenty, events: 2 },
      );
      expect(slice.events).toHaveLength(2);
      expect(slice.upTo).toBe(positions[2]);
    });

    it.each([
      [1, 1],
      [100, 1],
      [101, 2],
      [201, 3],
      [10_000, 4],
    ])(
      'stops with the event that reaches %i bytes, which is event %i',
      async (bytes, count) => {
        const payload = JSON.stringify('x'.repeat(98));
        const { log, positions } = await openWith(
          [1, 2, 3, 4].map(() => makeEvent('a', { payload })),
        );
        const slice = await log.readAfter(0, {}, { events: 10, bytes });
        expect(slice.events).toHaveLength(count);
        expect(slice.upTo).toBe(positions[count - 1]);
      },
    );

    it('shows every event once to a reader that goes on where it stopped, whatever the limits', async () => {
      const topics = ['a', 'b', 'b', 'c', 'a', 'c', 'b', 'a', 'a', 'c'];
      const batch = topics.map((topic, index) =>
        makeEvent(topic, { payload: JSON.stringify('x'.repeat(index * 5)) }),
      );
      const { log } = await openWith(batch);
      for (const wanted of [['a'], ['b', 'c'], ['a', 'b', 'c'], ['d']]) {
        const expected = batch
          .filter(({ topic }) => wanted.includes(topic))
          .map(({ id }) => id);
        for (const events of [1, 2, 3, 7]) {
          for (const bytes of [1, 30, 100, 1_000]) {
            const seen = await readAll(log, {
              filter: { topics: wanted },
              limit: { events, bytes },
            });
            expect(seen.map(({ id }) => id)).toEqual(expected);
          }
        }
      }
    });
  });
}
