import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { plenty, positionsOf, readAll } from './readAll';

export function describeTrimming(open: () => Promise<EventLogSubject>): void {
  describe('trimming', () => {
    async function openWith(count: number) {
      const { log } = await open();
      const batch = Array.from({ length: count }, () => makeEvent('a'));
      const positions = positionsOf(await log.append(batch));
      const readPositions = async () =>
        (await readAll(log)).map(({ position }) => position);
      return { log, positions, readPositions };
    }

    it('removes the oldest events, up to the position and no further', async () => {
      const { log, positions, readPositions } = await openWith(5);
      await expect(log.trim(positions[2], 100)).resolves.toBe(3);
      await expect(readPositions()).resolves.toEqual(positions.slice(3));
    });

    it('removes no more than the limit at once, the oldest first', async () => {
      const { log, positions, readPositions } = await openWith(5);
      await expect(log.trim(positions[3], 3)).resolves.toBe(3);
      await expect(readPositions()).resolves.toEqual(positions.slice(3));
      await expect(log.trim(positions[3], 3)).resolves.toBe(1);
      await expect(log.trim(positions[3], 3)).resolves.toBe(0);
      await expect(readPositions()).resolves.toEqual(positions.slice(4));
    });

    it('tells readers up to which position events may be missing', async () => {
      const { log, positions } = await openWith(5);
      const readHead = async () => (await log.readAfter(0, {}, plenty)).head;
      await expect(readHead()).resolves.toBeLessThan(positions[0]);
      await log.trim(positions[1], 100);
      await expect(readHead()).resolves.toBeGreaterThanOrEqual(positions[1]);
      await expect(readHead()).resolves.toBeLessThan(positions[2]);
      // It never goes back.
      await log.trim(positions[0], 100);
      await expect(readHead()).resolves.toBeGreaterThanOrEqual(positions[1]);
    });

    it('removes nothing from an empty log', async () => {
      const { log } = await open();
      await expect(log.trim(10, 10)).resolves.toBe(0);
    });

    it('leaves the tail where it is, and goes on behind it', async () => {
      const { log, positions } = await openWith(2);
      await log.trim(positions[1], 100);
      await expect(log.tail()).resolves.toBe(positions[1]);
      await expect(readAll(log)).resolves.toEqual([]);
      const [next] = positionsOf(await log.append([makeEvent('a')]));
      expect(next).toBeGreaterThan(positions[1]);
      await expect(readAll(log)).resolves.toHaveLength(1);
    });
  });
}
