import type { Notifier } from '@callboard/backstage-plugin-events-node';

/** Somebody who waits for events of some topics, and counts how often it is woken. */
export interface Reader {
  readonly wakeUps: number;
  /** Resolves when it is woken the next time. */
  nextWakeUp(): Promise<void>;
  stop(): void;
}

export function createReader(notifier: Notifier, ...topics: string[]): Reader {
  let wakeUps = 0;
  let waiting: (() => void)[] = [];
  const stop = notifier.listen({
    wants: notified => topics.some(topic => notified.has(topic)),
    wake: () => {
      wakeUps += 1;
      waiting.forEach(resolve => resolve());
      waiting = [];
    },
  });
  return {
    get wakeUps() {
      return wakeUps;
    },
    nextWakeUp: () => new Promise(resolve => waiting.push(resolve)),
    stop,
  };
}
