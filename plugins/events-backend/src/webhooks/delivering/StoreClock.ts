/** By which two readings differ though nobody has set a clock, in milliseconds: the answer was on its way. */
const toleranceMs = 500;

/**
 * The clock of the store, as this process knows it. Breakers and spells of failures are shared through the store, and
 * receivers look at the time of a request: a process whose own clock is wrong must neither hold an endpoint back, nor have
 * it disabled, nor sign what nobody takes.
 */
export class StoreClock {
  readonly #readNow: () => Promise<number>;
  readonly #passedMs: () => number;
  /** How far the store is ahead of this process. */
  #aheadMs = 0;
  /** When this process began, by the clock of the store. */
  #beganMs = 0;

  constructor(options: {
    /** Asks the store, in milliseconds since the epoch. */
    readNow: () => Promise<number>;
    /** What tests let pass, in milliseconds. */
    passedMs?: () => number;
  }) {
    this.#readNow = options.readNow;
    this.#passedMs = options.passedMs ?? (() => 0);
  }

  /** Milliseconds since the epoch; by the clock of this process as long as the store was not asked. */
  now(): number {
    return Date.now() + this.#aheadMs + this.#passedMs();
  }

  /**
   * Asks the store.
   *
   * @returns whether one of the clocks was set since the last time, or the machine slept
   */
  async read(): Promise<boolean> {
    const before = Date.now();
    const storeMs = await this.#readNow();
    this.#aheadMs = Math.round(storeMs - (before + Date.now()) / 2);
    const beganMs = this.now() - performance.now();
    const wasSet = Math.abs(beganMs - this.#beganMs) > toleranceMs;
    this.#beganMs = beganMs;
    return wasSet;
  }
}
