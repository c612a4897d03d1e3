import type { Response } from 'express';

/**
 * Requests that are held open until there is something to tell their clients, at most so many at once.
 *
 * @remarks
 * Whoever is released asks again, so that one released for nothing costs a request, and one that is not woken costs
 * latency until the next look.
 */
export class HeldRequests {
  readonly #maxHeld: number;
  readonly #lookIntervalMs: number;
  readonly #releases = new Set<() => void>();
  #stopped = false;

  constructor(options: {
    maxHeld: number;
    /** How long nobody looks whether there is something after all, in milliseconds. */
    lookIntervalMs: number;
  }) {
    this.#maxHeld = options.maxHeld;
    this.#lookIntervalMs = options.lookIntervalMs;
  }

  /** Whether no more can be held. */
  get full(): boolean {
    return this.#stopped || this.#releases.size >= this.#maxHeld;
  }

  /**
   * Holds a request whose headers have been sent.
   *
   * @param options.woken - resolves when there may be something to tell
   * @param options.look - whether there is something to tell; asked now and then, since a wake-up may be lost
   * @param options.firstLookMs - when to look first, at the latest after the interval
   * @param options.timeLimitMs - how long to hold at the most
   * @returns when there is something to tell, the time has passed, the client has gone, or `stop` was called
   */
  async hold(
    response: Response,
    options: {
      woken: Promise<void>;
      look: () => Promise<boolean>;
      firstLookMs: number;
      timeLimitMs: number;
    },
  ): Promise<void> {
    let release: () => void = () => {};
    let limit: NodeJS.Timeout | undefined;
    let nextLook: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>(resolve => {
        release = resolve;
        if (this.full || response.destroyed) {
          resolve();
          return;
        }
        this.#releases.add(release);
        response.once('close', release);
        limit = setTimeout(release, options.timeLimitMs);
        options.woken.then(release);

        const lookAfter = (delayMs: number) => {
          nextLook = setTimeout(async () => {
            // A look that fails tells nothing; the time limit ends this one way or the other.
            if (await options.look().catch(() => false)) {
              release();
            } else if (this.#releases.has(release)) {
              lookAfter(this.#lookIntervalMs);
            }
          }, Math.min(delayMs, this.#lookIntervalMs));
        };
        lookAfter(options.firstLookMs);
      });
    } finally {
      this.#releases.delete(release);
      response.off('close', release);
      clearTimeout(limit);
      clearTimeout(nextLook);
    }
  }

  /** Releases all, and holds no more. */
  stop(): void {
    this.#stopped = true;
    this.#releases.forEach(release => release());
  }
}
