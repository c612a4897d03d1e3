/**
 * The clock of a GitHub on localhost. It can be moved on, since GitHub tells whole seconds, and what happens within one
 * cannot be told apart.
 */
export class GithubClock {
  #aheadMs = 0;

  readonly now = (): number => Date.now() + this.#aheadMs;

  /** Lets time pass. */
  pass(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Does something at another time; it must not wait for anything. */
  doAt<T>(differenceMs: number, work: () => T): T {
    this.pass(differenceMs);
    try {
      return work();
    } finally {
      this.pass(-differenceMs);
    }
  }
}
