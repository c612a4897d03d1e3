import type { SeenEvents } from '../../subscriptions';

/** An event that an endpoint wants. */
export interface Match {
  position: number;
  /** Bytes of the payload. */
  size: number;
}

/** More than a reader can be behind before it is as well off to read by itself. */
const maxMatches = 1_000;

/**
 * What one process knows of the log for one endpoint, without reading it for this endpoint: which events the router has
 * found for it.
 *
 * ```
 *   log    ····· seen ·····|··········· routed ···········|·········
 *                          ▲ claimed, handled or owed      ▲ the router is here
 *          while it follows, every match in between is known
 * ```
 *
 * @remarks
 * An endpoint that is behind reads by itself. Before it does, it notes where the router is, and collects what the router
 * finds from there on; once it has read up to there it follows. So one that wants little costs nothing for what it does
 * not want, and one that was paused for a week nothing that it need remember. A hint all the same: the claim reads the log,
 * and decides.
 */
export class Outlook {
  #seenTo = 0;
  #follows = false;
  /** Every match behind this position is known; undefined while none need be. */
  #collectsFrom: number | undefined;
  /** In order. */
  #matches: Match[] = [];

  /** Whether a claim may find a new event. */
  get mayHaveMore(): boolean {
    return !this.#follows || this.#matches.length > 0;
  }

  /** Whether every event that it wants and has not claimed is known. */
  get follows(): boolean {
    return this.#follows;
  }

  /**
   * The next events that it wants, so that a claim need not look for them. To be asked before each claim.
   *
   * @param routedTo - where the router is
   * @param limit - how many at the most, and after how many bytes to stop
   * @returns undefined while it is behind, and reads by itself
   */
  see(
    routedTo: number,
    limit: { events: number; bytes: number },
  ): SeenEvents | undefined {
    if (!this.#follows) {
      this.#collectsFrom ??= routedTo;
      return undefined;
    }
    const positions: number[] = [];
    let bytes = 0;
    for (const { position, size } of this.#matches) {
      if (positions.length >= limit.events || bytes >= limit.bytes) {
        return { positions, upTo: position - 1 };
      }
      positions.push(position);
      bytes += size;
    }
    return { positions, upTo: Math.max(routedTo, this.#seenTo) };
  }

  /** The router found an event that the endpoint wants, behind all that it found before. */
  onMatch({ position, size }: Match): void {
    if (this.#collectsFrom === undefined || position <= this.#seenTo) {
      return;
    }
    if (this.#matches.length >= maxMatches) {
      this.fallBehind();
      return;
    }
    this.#matches.push({ position, size });
  }

  /** What the router found is not all that is wanted, so it has to read by itself until it has caught up. */
  fallBehind(): void {
    this.#seenTo = 0;
    this.#follows = false;
    this.#collectsFrom = undefined;
    this.#matches = [];
  }

  /**
   * A claim has looked at the log.
   *
   * @param upTo - everything that is wanted up to there is claimed, handled or owed
   */
  onClaimed(upTo: number): void {
    this.#seenTo = Math.max(this.#seenTo, upTo);
    const next = this.#matches.findIndex(({ position }) => position > upTo);
    this.#matches = next < 0 ? [] : this.#matches.slice(next);
    this.#follows ||=
      this.#collectsFrom !== undefined && upTo >= this.#collectsFrom;
  }
}
