/** The clock of the demo's GitHub: that of the machine, but for what is done as of another time. */
export class DemoClock {
  #fixedMs: number | undefined;

  /** In milliseconds since the epoch. */
  readonly now = (): number => this.#fixedMs ?? Date.now();

  /** Does something as if it were that time. */
  at<T>(timeMs: number, work: () => T): T {
    this.#fixedMs = timeMs;
    try {
      return work();
    } finally {
      this.#fixedMs = undefined;
    }
  }
}
