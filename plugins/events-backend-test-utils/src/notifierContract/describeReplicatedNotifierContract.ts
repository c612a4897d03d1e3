import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { createReader } from './createReader';

/**
 * The notifiers of two replicas for one test.
 *
 * @public
 */
export interface NotifierReplicas {
  one: Notifier;
  other: Notifier;

  /** Cuts the connection over which `other` hears of `one`; it comes back by itself. */
  cut(): Promise<void>;
}

/**
 * Describes to Jest what a keeper of the seam `Notifier` promises between replicas.
 *
 * @remarks
 * Called at the top of a test file, or within `describe`. Uses Jest's globals. What is opened is closed by whoever opens
 * it, in an `afterEach` of its own.
 *
 * @param name - of the keeper, for the titles
 * @param open - opens two notifiers for each test; resolves when they hear each other
 *
 * @public
 */
export function describeReplicatedNotifierContract(
  name: string,
  open: () => Promise<NotifierReplicas>,
): void {
  describe(`the contract of a notifier between replicas, kept by ${name}`, () => {
    it('wakes a reader of the topic in the other replica, both ways', async () => {
      const { one, other } = await open();
      const readers = [one, other].map(each => createReader(each, 'a'));
      const there = readers[1].nextWakeUp();
      one.notify(new Set(['a']));
      await there;
      const back = readers[0].nextWakeUp();
      other.notify(new Set(['a']));
      await back;
    });

    it('does not wake a reader of other topics there, nor one that has stopped', async () => {
      const { one, other } = await open();
      const unconcerned = createReader(other, 'a');
      const stopped = createReader(other, 'b');
      stopped.stop();
      const last = createReader(other, 'last');
      one.notify(new Set(['b']));
      // What was notified before the last would have arrived by then.
      const woken = last.nextWakeUp();
      one.notify(new Set(['last']));
      await woken;
      expect([unconcerned.wakeUps, stopped.wakeUps]).toEqual([0, 0]);
    });

    it('loses no topic when much is notified in quick succession', async () => {
      const { one, other } = await open();
      const topics = Array.from({ length: 300 }, (_, index) => `t${index}`);
      const woken = topics.map(topic =>
        createReader(other, topic).nextWakeUp(),
      );
      for (const topic of topics) {
        one.notify(new Set([topic]));
        if (Number(topic.slice(1)) % 50 === 0) {
          await new Promise(resolve => setImmediate(resolve));
        }
      }
      await Promise.all(woken);
    });

    it('wakes readers of topics that are too many or too long to be named', async () => {
      const { one, other } = await open();
      const topics = Array.from(
        { length: 3_000 },
        (_, index) => `${'long'.repeat(20)}${index}`,
      );
      const first = createReader(other, topics[0]).nextWakeUp();
      const last = createReader(other, topics[topics.length - 1]).nextWakeUp();
      one.notify(new Set(topics));
      await Promise.all([first, last]);
    });

    it.each(['théâtre.🎭', "it's; --", '"{}\\', '\u0000', '\ud800'])(
      'wakes readers of a topic of any characters: %j',
      async topic => {
        const { one, other } = await open();
        const woken = createReader(other, topic).nextWakeUp();
        one.notify(new Set([topic]));
        await woken;
      },
    );

    it('wakes every reader when a connection that was cut is back, since something may have been missed', async () => {
      const { other, cut } = await open();
      const woken = ['a', 'b'].map(topic =>
        createReader(other, topic).nextWakeUp(),
      );
      await cut();
      await Promise.all(woken);
    });

    it('reaches the other replica again after its connection was cut', async () => {
      const { one, other, cut } = await open();
      const reader = createReader(other, 'a');
      for (let round = 0; round < 2; round += 1) {
        const back = reader.nextWakeUp();
        await cut();
        await back;
        const woken = reader.nextWakeUp();
        one.notify(new Set(['a']));
        await woken;
      }
    });

    it('wakes readers of its own process while the connection is cut', async () => {
      const { other, cut } = await open();
      const reader = createReader(other, 'a');
      await cut();
      const before = reader.wakeUps;
      other.notify(new Set(['a']));
      expect(reader.wakeUps).toBe(before + 1);
    });
  });
}
