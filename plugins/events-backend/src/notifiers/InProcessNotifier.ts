import type {
  Notifier,
  NotifierListener,
} from '@callboard/backstage-plugin-events-node';

/** Wakes readers of the same process. */
export class InProcessNotifier implements Notifier {
  readonly #listeners = new Set<NotifierListener>();

  notify(topics: ReadonlySet<string>): void {
    for (const listener of this.#listeners) {
      if (listener.wants(topics)) {
        listener.wake();
      }
    }
  }

  /** Wakes every reader, whatever it wants. */
  wakeAll(): void {
    for (const listener of this.#listeners) {
      listener.wake();
    }
  }

  listen(listener: NotifierListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
