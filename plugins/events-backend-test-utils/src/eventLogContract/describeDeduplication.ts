import { randomUUID } from 'node:crypto';
import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { positionsOf, readAll, topicsOf } from './readAll';

export function describeDeduplication(
  open: () => Promise<EventLogSubject>,
): void {
  describe('deduplication', () => {
    it('stores an id once, whichever topic it comes with', async () => {
      const { log } = await open();
      const id = randomUUID();
      await log.append([makeEvent('a', { id })]);
      const outcomes = await log.append([
        makeEvent('b', { id }),
        makeEvent('c'),
      ]);
      expect(outcomes).toEqual([
        { appended: false },
        { appended: true, position: expect.any(Number) },
      ]);
      expect(topicsOf(await readAll(log))).toEqual(['a', 'c']);
    });

    it('stores an id once within one batch', async () => {
      const { log } = await open();
      const id = randomUUID();
      const outcomes = await log.append([
        makeEvent('a', { id }),
        makeEvent('b', { id }),
      ]);
      expect(outcomes.map(({ appended }) => appended)).toEqual([true, false]);
      expect(topicsOf(await readAll(log))).toEqual(['a']);
    });

    it('stores a deduplication id once per topic', async () => {
      const { log } = await open();
      const deduplicationId = 'delivery-1';
      const first = await log.append([
        makeEvent('a', { deduplicationId }),
        makeEvent('b', { deduplicationId }),
        makeEvent('a', { deduplicationId }),
      ]);
      const second = await log.append([
        makeEvent('b', { deduplicationId }),
        makeEvent('c', { deduplicationId }),
      ]);
      expect([...first, ...second].map(({ appended }) => appended)).toEqual([
        true,
        true,
        false,
        false,
        true,
      ]);
      expect(topicsOf(await readAll(log))).toEqual(['a', 'b', 'c']);
    });

    it('keeps the event that came first', async () => {
      const { log } = await open();
      const first = makeEvent('a', { deduplicationId: 'd', payload: '1' });
      await log.append([first]);
      await log.append([
        makeEvent('a', { deduplicationId: 'd', payload: '2' }),
        makeEvent('a', { id: first.id, payload: '3' }),
      ]);
      await expect(readAll(log)).resolves.toMatchObject([first]);
    });

    it('stores any number of events without a deduplication id', async () => {
      const { log } = await open();
      await log.append([makeEvent('a'), makeEvent('a')]);
      await log.append([makeEvent('a')]);
      await expect(readAll(log)).resolves.toHaveLength(3);
    });

    it('stores a batch that is appended again once', async () => {
      const { log } = await open();
      const batch = [makeEvent('a'), makeEvent('a.b'), makeEvent('a')];
      const first = await log.append(batch);
      const second = await log.append(batch);
      expect(positionsOf(first)).toHaveLength(3);
      expect(positionsOf(second)).toEqual([]);
      await expect(readAll(log)).resolves.toHaveLength(3);
    });

    it('stores what replicas append at the same time once', async () => {
      const { log, openReplica } = await open();
      const replicas = [log, await openReplica(), await openReplica()];
      const events = Array.from({ length: 20 }, (_, index) =>
        makeEvent('a', { deduplicationId: `d${index}` }),
      );
      const outcomes = await Promise.all(
        events.flatMap(event =>
          replicas.map(replica =>
            // With its id in one replica, and as another delivery of the same in the next.
            replica.append([
              replica === log ? event : { ...event, id: randomUUID() },
            ]),
          ),
        ),
      );
      expect(positionsOf(outcomes.flat())).toHaveLength(events.length);
      const stored = await readAll(log);
      expect(new Set(stored.map(event => event.deduplicationId))).toEqual(
        new Set(events.map(event => event.deduplicationId)),
      );
      expect(stored).toHaveLength(events.length);
    });
  });
}
