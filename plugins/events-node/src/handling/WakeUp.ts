/** Lets one waiter sleep until it is woken; a call that comes before the waiter sleeps is not lost. */
export class WakeUp {
  #woken = false;
  #resolve: (() => void) | undefined;

  /** Wakes the waiter, or lets its next sleep end at once. */
  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Forgets calls so far; done before a look at what there is to do. */
  reset(): void {
    this.#woken = false;
  }

  /**
   * Sleeps until woken, but no longer than the given milliseconds.
   *
   * @returns whether it was woken
   */
  async sleep(limitMs: number): Promise<boolean> {
    if (this.#woken) {
      return true;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#resolve = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
    this.#resolve = undefined;
    return this.#woken;
  }
}
