import type { ParsedEvent } from '../routing';

/**
 * Events that were looked at lately: what the router has parsed need not be parsed again by the claim that follows, and
 * ten endpoints that want an event parse it once. What the catalog says of them is asked each time.
 */
export class RecentEvents {
  readonly #limit: { events: number; bytes: number };
  /** By position; the oldest first. */
  readonly #recent = new Map<number, { event: ParsedEvent; bytes: number }>();
  #bytes = 0;

  constructor(limit: { events: number; bytes: number }) {
    this.#limit = limit;
  }

  get(position: number): ParsedEvent | undefined {
    return this.#recent.get(position)?.event;
  }

  /** @param bytes - of its payload */
  set(position: number, event: ParsedEvent, bytes: number): void {
    this.#remove(position);
    this.#recent.set(position, { event, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#recent.keys()) {
      if (
        this.#recent.size <= this.#limit.events &&
        this.#bytes <= this.#limit.bytes
      ) {
        return;
      }
      this.#remove(oldest);
    }
  }

  clear(): void {
    this.#recent.clear();
    this.#bytes = 0;
  }

  #remove(position: number): void {
    this.#bytes -= this.#recent.get(position)?.bytes ?? 0;
    this.#recent.delete(position);
  }
}
