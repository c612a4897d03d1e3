/** Tells whether something happens often. */
export class LoadGauge {
  readonly #times: number[];
  readonly #withinMs: number;
  #next = 0;

  /** Often is: so many times within so many milliseconds. */
  constructor(times: number, withinMs: number) {
    this.#times = Array(times).fill(-Infinity);
    this.#withinMs = withinMs;
  }

  /** It happened, at a time in milliseconds that never decreases. */
  count(nowMs: number): void {
    this.#times[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#times.length;
  }

  isLoaded(nowMs: number): boolean {
    // The place of the next one holds the oldest.
    return nowMs - this.#times[this.#next] <= this.#withinMs;
  }
}
