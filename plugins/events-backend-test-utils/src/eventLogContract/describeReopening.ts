import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { positionsOf, readAll } from './readAll';

export function describeReopening(open: () => Promise<EventLogSubject>): void {
  describe('reopening', () => {
    it('finds everything that was appended', async () => {
      const { log, reopen } = await open();
      await log.append([makeEvent('a', { key: 'k' }), makeEvent('b')]);
      const before = await readAll(log);
      const after = await reopen();
      await expect(readAll(after)).resolves.toEqual(before);
    });

    it('goes on with positions behind the tail, even if everything is trimmed', async () => {
      const { log, reopen } = await open();
      await log.append([makeEvent('a'), makeEvent('b')]);
      const tail = await log.tail();
      await log.trim(tail, 100);
      const after = await reopen();
      await expect(after.tail()).resolves.toBe(tail);
      const [next] = positionsOf(await after.append([makeEvent('c')]));
      expect(next).toBeGreaterThan(tail);
    });

    it('knows the ids that it had', async () => {
      const { log, reopen } = await open();
      const event = makeEvent('a', { deduplicationId: 'd' });
      await log.append([event]);
      const after = await reopen();
      const outcomes = await after.append([
        event,
        makeEvent('a', { deduplicationId: 'd' }),
      ]);
      expect(positionsOf(outcomes)).toEqual([]);
    });
  });
}
