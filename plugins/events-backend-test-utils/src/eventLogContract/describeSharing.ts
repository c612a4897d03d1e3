import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { plenty, positionsOf, readAll, rises } from './readAll';

export function describeSharing(open: () => Promise<EventLogSubject>): void {
  describe('sharing', () => {
    it('shows in one replica what another has appended, once that append resolves', async () => {
      const { log, openReplica } = await open();
      const replica = await openReplica();
      await log.append([makeEvent('a')]);
      await expect(readAll(replica)).resolves.toHaveLength(1);
      await replica.append([makeEvent('b')]);
      await expect(readAll(log)).resolves.toHaveLength(2);
      await expect(replica.tail()).resolves.toBe(await log.tail());
    });

    it('never lets a reader pass an event that is still to commit', async () => {
      const { log, openReplica } = await open();
      const appenders = [log, await openReplica(), await openReplica()];
      const reader = await openReplica();
      const batches = Array.from({ length: 90 }, (_, index) =>
        Array.from({ length: 1 + (index % 7) }, () =>
          makeEvent(`t${index % 3}`),
        ),
      );
      const count = batches.flat().length;
      let underWay = true;
      const appending = Promise.all(
        batches.map((batch, index) =>
          appenders[index % appenders.length].append(batch),
        ),
      ).finally(() => {
        underWay = false;
      });

      // A reader of everything, and one of a single topic, that go on behind what they have seen.
      const follow = async (filter: { topics?: string[] }) => {
        const seen: LogEvent[] = [];
        let cursor = 0;
        let last = false;
        while (!last) {
          // One more look when all is appended.
          last = !underWay;
          const slice = await reader.readAfter(cursor, filter, plenty);
          expect(slice.upTo).toBeGreaterThanOrEqual(cursor);
          seen.push(...slice.events);
          cursor = slice.upTo;
          // SQLite answers within the turn of the event loop, and appends need a turn of their own.
          await nextTurn();
        }
        return seen;
      };
      const [outcomes, all, some] = await Promise.all([
        appending,
        follow({}),
        follow({ topics: ['t1'] }),
      ]);

      const positions = all.map(({ position }) => position);
      expect(positions).toHaveLength(count);
      expect(rises(positions)).toBe(true);
      expect(new Set(positions)).toEqual(new Set(positionsOf(outcomes.flat())));
      expect(some).toEqual(all.filter(({ topic }) => topic === 't1'));
      // Within a batch the order is that of the publisher.
      expect(outcomes.every(each => rises(positionsOf(each)))).toBe(true);
    });
  });
}
