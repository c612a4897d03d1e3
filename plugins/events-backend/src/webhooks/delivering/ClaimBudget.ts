/**
 * Bounds what the batches of all endpoints of a process hold in memory: each endpoint may have several open, and there may
 * be a thousand.
 */
export class ClaimBudget {
  readonly #limitBytes: number;
  /** Bytes of payload by ticket. */
  readonly #held = new Map<string, number>();
  #bytes = 0;

  /** @param limitBytes - payload; one batch more is let in beyond it */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether another batch may be claimed. */
  get hasRoom(): boolean {
    return this.#bytes < this.#limitBytes;
  }

  hold(ticket: string, bytes: number): void {
    this.#held.set(ticket, bytes);
    this.#bytes += bytes;
  }

  /** A batch is settled, or left to lapse. */
  release(ticket: string): void {
    this.#bytes -= this.#held.get(ticket) ?? 0;
    this.#held.delete(ticket);
  }
}
