/** Bounds how many things happen at once; the others wait in order. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * Does something as soon as a slot is free.
   *
   * @param signal - ends the waiting, with its reason
   */
  async use<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await action();
    } finally {
      this.#give();
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(admit);
        signal?.removeEventListener('abort', giveUp);
      };
      const admit = () => {
        end();
        resolve();
      };
      const giveUp = () => {
        end();
        reject(signal?.reason);
      };
      this.#waiting.add(admit);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #give(): void {
    const [admit] = this.#waiting;
    if (admit) {
      admit();
    } else {
      this.#free += 1;
    }
  }
}
