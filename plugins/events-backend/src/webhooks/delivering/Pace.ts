const most = 256;
/** A batch that is sent within this time may be followed by a larger one, in milliseconds. */
const quickMs = 1_000;

/**
 * How many events of one endpoint to claim at once: few at first and after a failure, since what is claimed and cannot be
 * sent costs a row each; many while all goes well and quickly, since a claim costs the same for one as for a hundred.
 */
export class Pace {
  readonly #least: number;
  #size: number;

  /** @param concurrency - requests under way at once */
  constructor(concurrency: number) {
    this.#least = concurrency;
    this.#size = Math.min(most, 4 * concurrency);
  }

  /** Events that the next claim may take. */
  get size(): number {
    return this.#size;
  }

  /**
   * A batch was settled.
   *
   * @param tookMs - since it was claimed, in milliseconds
   */
  onSettled({
    events,
    tookMs,
    wentWell,
  }: {
    events: number;
    tookMs: number;
    wentWell: boolean;
  }): void {
    if (!wentWell) {
      this.#size = this.#least;
    } else if (events >= this.#size && tookMs < quickMs) {
      this.#size = Math.min(most, 2 * this.#size);
    }
  }
}
