/**
 * Units of work that one evaluation may take. A unit takes 100 nanoseconds or less, up to three times that for errors, so
 * an evaluation ends within some tens of milliseconds, whatever its filter and its event are; JavaScript has no limit on time
 * that would do so.
 */
export const maxWork = 450_000;

/** What is left for an evaluation. Whatever takes work pays before it is done. */
export class Budget {
  #spent = 0;
  #exhausted = false;

  /** Gives the next evaluation all of it. */
  refresh(): void {
    this.#spent = 0;
    this.#exhausted = false;
  }

  /** Units that the evaluation has paid. */
  get spent(): number {
    return this.#spent;
  }

  /** Whether the evaluation wanted more than there was. */
  get isExhausted(): boolean {
    return this.#exhausted;
  }

  /**
   * Pays for work that is about to be done.
   *
   * @throws Error when there is not enough left, and from then on always: what is cheap would go on otherwise
   */
  spend(units: number): void {
    if (this.#exhausted || this.#spent + units > maxWork) {
      this.#exhausted = true;
      throw new Error('The budget is exhausted');
    }
    this.#spent += units;
  }
}

/** The budget of the evaluation that runs. Evaluations do not wait for anything, so there is one at a time. */
export const budget = new Budget();
