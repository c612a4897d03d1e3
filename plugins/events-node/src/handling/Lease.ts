/**
 * What a reader knows of its lease without asking.
 *
 * @remarks
 * A process that is stopped and continued, or that is cut off, is told nothing when others take over what it holds. So
 * the lease is compared with a clock, which goes on while the process stands still, as timers do not. It is reckoned
 * from before a call was sent: the lease began no earlier than that.
 */
export class Lease {
  readonly #leaseMs: number;
  #endMs: number;
  #isLost = false;

  /**
   * @param beganMs - no later than when the lease began, by `performance.now()`
   * @param leaseMs - how long it is good from then on
   */
  constructor(beganMs: number, leaseMs: number) {
    this.#leaseMs = leaseMs;
    this.#endMs = beganMs + leaseMs;
  }

  /** Whether others may have what this reader holds. */
  get hasLapsed(): boolean {
    return this.#isLost || performance.now() >= this.#endMs;
  }

  /**
   * Notes the answer to a renewal.
   *
   * @param sentMs - when the renewal was sent, by `performance.now()`
   * @param good - whether the ticket was still good
   */
  onRenewed(sentMs: number, good: boolean): void {
    if (good) {
      this.#endMs = Math.max(this.#endMs, sentMs + this.#leaseMs);
    } else {
      this.#isLost = true;
    }
  }
}
