import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { positionsOf, readAll, rises, topicsOf } from './readAll';

export function describeAppending(open: () => Promise<EventLogSubject>): void {
  describe('appending', () => {
    it('gives positions in the order of appends', async () => {
      const { log } = await open();
      const outcomes = [
        ...(await log.append([makeEvent('a'), makeEvent('b')])),
        ...(await log.append([makeEvent('c')])),
        ...(await log.append([makeEvent('d'), makeEvent('e')])),
      ];
      const positions = positionsOf(outcomes);
      expect(positions).toHaveLength(5);
      expect(positions[0]).toBeGreaterThan(0);
      expect(rises(positions)).toBe(true);
      const events = await readAll(log);
      expect(topicsOf(events)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(events.map(({ position }) => position)).toEqual(positions);
    });

    it('moves the tail to the newest event', async () => {
      const { log } = await open();
      await expect(log.tail()).resolves.toBe(0);
      const outcomes = await log.append([makeEvent('a'), makeEvent('b')]);
      await expect(log.tail()).resolves.toBe(positionsOf(outcomes)[1]);
    });

    it('appends many events at once', async () => {
      const { log } = await open();
      const batch = Array.from({ length: 5_000 }, () => makeEvent('a'));
      const outcomes = await log.append(batch);
      expect(positionsOf(outcomes)).toHaveLength(batch.length);
      const events = await readAll(log);
      expect(events.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
    });

    it('appends a batch whole or not at all', async () => {
      const { log, refuse } = await open();
      await refuse('refused');
      await log.append([makeEvent('before')]);
      const failing = log.append([
        makeEvent('a'),
        makeEvent('refused'),
        makeEvent('b'),
      ]);
      // Not toThrow: the errors of a native driver may come from another realm, where Jest does not know them for errors.
      await expect(failing).rejects.toBeDefined();
      await log.append([makeEvent('after')]);
      expect(topicsOf(await readAll(log))).toEqual(['before', 'after']);
    });

    it('never lets the time decrease from one position to the next', async () => {
      const { log } = await open();
      for (let count = 0; count < 5; count += 1) {
        await log.append([makeEvent('a'), makeEvent('a')]);
      }
      const times = (await readAll(log)).map(({ timeMs }) => timeMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });
  });
}
