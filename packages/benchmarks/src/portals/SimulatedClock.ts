/** Puts the clock of this process ahead of that of the machine. Timers do not notice. */
export class SimulatedClock {
  #aheadMs = 0;

  /** From now on whatever asks for the time in this process is told the simulated one. */
  install(): void {
    const readMachine = Date.now;
    Date.now = () => readMachine() + this.#aheadMs;
  }

  move(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }
}
