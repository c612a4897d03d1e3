import type { GithubResource, Rate } from './readRate';
import { Slots } from './Slots';

/** Whose budget it is, as metrics tell it. A token has neither app nor owner. */
export type BudgetOwner = Readonly<{
  host: string;
  app?: number;
  owner?: string;
}>;

/** What GitHub says when it refuses because of a limit. */
export interface MetLimit {
  /** The secondary limit is one for everything that is asked with the same credentials. */
  kind: 'primary' | 'secondary';
  /** What GitHub asks for, in milliseconds, if it does. */
  retryAfterMs: number | undefined;
}

/** GitHub allows 100 of all clients together. */
const maxConcurrentRequests = 10;

/**
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 */
const leastPauseMs = 1_000;
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;

/**
 * What may be asked with the credentials of one installation, or one token: how much at once, how much is left, and until
 * when nothing.
 */
export class RateBudget {
  readonly owner: BudgetOwner;
  readonly slots = new Slots(maxConcurrentRequests);
  readonly #now: () => number;
  readonly #rates = new Map<
    GithubResource,
    { remaining: number; resetMs: number }
  >();
  readonly #pausedUntilMs = new Map<GithubResource | 'everything', number>();
  #secondaryInARow = 0;

  /** @param now - in milliseconds, and never going back */
  constructor(owner: BudgetOwner, now: () => number = () => performance.now()) {
    this.owner = owner;
    this.#now = now;
  }

  /**
   * How long nothing can be asked.
   *
   * @param reserve - what is left to others
   *
   * @returns in milliseconds; 0 when it can be asked now
   */
  readWaitMs(resource: GithubResource, reserve: number): number {
    const rate = this.#readRate(resource);
    const untilMs = Math.max(
      this.#pausedUntilMs.get('everything') ?? 0,
      this.#pausedUntilMs.get(resource) ?? 0,
      rate && rate.remaining <= reserve ? rate.resetMs : 0,
    );
    return Math.max(0, Math.ceil(untilMs - this.#now()));
  }

  /** What is left, of what GitHub has told of; nothing that has begun anew since then. */
  listRemaining(): { resource: GithubResource; remaining: number }[] {
    return [...this.#rates.keys()].flatMap(resource => {
      const rate = this.#readRate(resource);
      return rate ? [{ resource, remaining: rate.remaining }] : [];
    });
  }

  /** Notes what an answer says is left. */
  noteRate(resource: GithubResource, { remaining, resetInMs }: Rate): void {
    const resetMs = this.#now() + resetInMs;
    this.#rates.set(resource, { remaining, resetMs });
  }

  /** Notes that GitHub has answered, so that the next secondary limit is the first in a row again. */
  noteAnswer(): void {
    // What had been asked before a limit was met may still be answered, and shows nothing.
    if (!this.#isPaused('everything')) {
      this.#secondaryInARow = 0;
    }
  }

  /**
   * Notes that GitHub has refused because of a limit.
   *
   * @returns how long nothing can be asked now, in milliseconds, and whether it was not known that nothing can
   */
  noteLimit(
    resource: GithubResource,
    { kind, retryAfterMs }: MetLimit,
  ): { waitMs: number; isNew: boolean } {
    const paused = kind === 'primary' ? resource : 'everything';
    // Requests that were under way together meet one limit, not ten in a row.
    const isNew = !this.#isPaused(paused);
    if (kind === 'secondary' && isNew) {
      this.#secondaryInARow += 1;
    }
    // GitHub tells whole seconds, so that the last one of a limit may be none.
    const pauseMs = Math.max(
      leastPauseMs,
      retryAfterMs ?? this.#choosePauseMs(),
    );
    this.#pausedUntilMs.set(
      paused,
      Math.max(this.#pausedUntilMs.get(paused) ?? 0, this.#now() + pauseMs),
    );
    return { waitMs: this.readWaitMs(resource, 0), isNew };
  }

  #choosePauseMs(): number {
    const doublings = Math.max(0, this.#secondaryInARow - 1);
    return Math.min(firstPauseMs * 2 ** doublings, longestPauseMs);
  }

  #isPaused(what: GithubResource | 'everything'): boolean {
    return (this.#pausedUntilMs.get(what) ?? 0) > this.#now();
  }

  #readRate(resource: GithubResource) {
    const rate = this.#rates.get(resource);
    return rate && rate.resetMs > this.#now() ? rate : undefined;
  }
}
