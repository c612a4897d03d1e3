import type { Notifier } from '@callboard/backstage-plugin-events-node';

type Listener = Parameters<Notifier['listen']>[0];

/** Wakes readers of the same process. */
export class InProcessNotifier implements Notifier {
  readonly #listeners = new Set<Listener>();

  notify(topics: ReadonlySet<string>): void {
    for (const listener of this.#listeners) {
      if (listener.wants(topics)) {
        listener.wake();
      }
    }
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
