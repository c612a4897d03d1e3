import type { HandledEvent } from './ClaimedBatch';

/** Tells when a handler fails at everything that it is given. */
export class FailureStreak {
  readonly #limit: number;
  #failures = 0;

  /** @param limit - so many failures, with nothing delivered meanwhile */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it fails at everything now. */
  get lasts(): boolean {
    return this.#failures >= this.#limit;
  }

  /**
   * Notes what became of a batch.
   *
   * @returns `begun` or `ended` when that changes whether it fails at everything
   */
  note(handled: readonly HandledEvent[]): 'begun' | 'ended' | undefined {
    const lasted = this.lasts;
    const count = (kind: HandledEvent['outcome']['kind']) =>
      handled.filter(({ outcome }) => outcome.kind === kind).length;
    if (count('delivered') > 0) {
      this.#failures = 0;
      return lasted ? 'ended' : undefined;
    }
    this.#failures += count('failed');
    return !lasted && this.lasts ? 'begun' : undefined;
  }
}
