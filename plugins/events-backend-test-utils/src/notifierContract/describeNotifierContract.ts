import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { createReader } from './createReader';

/**
 * Describes to Jest what every keeper of the seam `Notifier` promises within one process.
 *
 * @remarks
 * Called at the top of a test file, or within `describe`. Uses Jest's globals. What is opened is closed by whoever opens
 * it, in an `afterEach` of its own. A keeper that reaches other replicas passes
 * {@link describeReplicatedNotifierContract} as well.
 *
 * @example
 * ```ts
 * describeNotifierContract('MyNotifier', async () => new MyNotifier());
 * ```
 *
 * @param name - of the keeper, for the titles
 * @param open - opens a notifier for each test
 *
 * @public
 */
export function describeNotifierContract(
  name: string,
  open: () => Promise<Notifier>,
): void {
  describe(`the contract of a notifier, kept by ${name}`, () => {
    it('wakes a reader of one of the topics before notify returns', async () => {
      const notifier = await open();
      const reader = createReader(notifier, 'a', 'b');
      notifier.notify(new Set(['b', 'c']));
      expect(reader.wakeUps).toBe(1);
      notifier.notify(new Set(['a', 'b']));
      expect(reader.wakeUps).toBe(2);
    });

    it('does not wake a reader of other topics', async () => {
      const notifier = await open();
      const reader = createReader(notifier, 'a');
      notifier.notify(new Set(['b', 'a.b', 'A']));
      expect(reader.wakeUps).toBe(0);
    });

    it('wakes every reader of a topic', async () => {
      const notifier = await open();
      const readers = [1, 2, 3].map(() => createReader(notifier, 'a'));
      notifier.notify(new Set(['a']));
      expect(readers.map(({ wakeUps }) => wakeUps)).toEqual([1, 1, 1]);
    });

    it('asks each time which topics a reader wants', async () => {
      const notifier = await open();
      const wanted = new Set<string>();
      let wakeUps = 0;
      notifier.listen({
        wants: topics => [...topics].some(topic => wanted.has(topic)),
        wake: () => {
          wakeUps += 1;
        },
      });
      notifier.notify(new Set(['a']));
      expect(wakeUps).toBe(0);
      wanted.add('a');
      notifier.notify(new Set(['a']));
      expect(wakeUps).toBe(1);
    });

    it('wakes no reader that has stopped listening, and all others', async () => {
      const notifier = await open();
      const [stopped, other] = [1, 2].map(() => createReader(notifier, 'a'));
      stopped.stop();
      notifier.notify(new Set(['a']));
      expect([stopped.wakeUps, other.wakeUps]).toEqual([0, 1]);
      // Once more does no harm.
      stopped.stop();
      notifier.notify(new Set(['a']));
      expect([stopped.wakeUps, other.wakeUps]).toEqual([0, 2]);
    });

    it('lets a reader stop listening when it is woken', async () => {
      const notifier = await open();
      let wakeUps = 0;
      const stop = notifier.listen({
        wants: () => true,
        wake: () => {
          wakeUps += 1;
          stop();
        },
      });
      const other = createReader(notifier, 'a');
      notifier.notify(new Set(['a']));
      notifier.notify(new Set(['a']));
      expect([wakeUps, other.wakeUps]).toEqual([1, 2]);
    });

    it('notifies nobody when nobody listens', async () => {
      const notifier = await open();
      expect(() => notifier.notify(new Set(['a']))).not.toThrow();
      expect(createReader(notifier, 'a').wakeUps).toBe(0);
    });
  });
}
