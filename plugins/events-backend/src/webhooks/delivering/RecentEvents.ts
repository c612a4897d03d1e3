import type { RoutedEvent } from '../routing';

/** An event that was looked at lately. */
interface RecentEvent {
  routed: RoutedEvent;
  /** Whether what it is about was looked up. */
  knowsEntity: boolean;
  bytes: number;
}

/**
 * Events that were looked at lately: what the router has parsed need not be parsed again by the claim that follows, and
 * ten endpoints that want an event parse it once.
 */
export class RecentEvents {
  readonly #limit: { events: number; bytes: number };
  /** By position; the oldest first. */
  readonly #recent = new Map<number, RecentEvent>();
  #bytes = 0;

  constructor(limit: { events: number; bytes: number }) {
    this.#limit = limit;
  }

  /** @param needsEntity - gives it only if it is known what it is about */
  get(position: number, needsEntity: boolean): RoutedEvent | undefined {
    const recent = this.#recent.get(position);
    return recent && (recent.knowsEntity || !needsEntity)
      ? recent.routed
      : undefined;
  }

  set(position: number, event: RecentEvent): void {
    this.#remove(position);
    this.#recent.set(position, event);
    this.#bytes += event.bytes;
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

  #remove(position: number): void {
    this.#bytes -= this.#recent.get(position)?.bytes ?? 0;
    this.#recent.delete(position);
  }
}
