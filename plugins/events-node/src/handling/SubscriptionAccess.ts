import type { ClaimedBatch, HandledEvent } from './ClaimedBatch';

/** How often, and after which pauses, an event of a subscription is tried again; what is missing is as configured. */
export interface RetryWish {
  /** Attempts before the delivery is dead, the first included. */
  maxAttempts?: number;
  /** Pause after the first failure, in milliseconds; each further one is longer. */
  initialDelayMs?: number;
  /** The longest pause, in milliseconds. */
  maxDelayMs?: number;
}

/** Where a subscription starts to read when it is made. */
export type StartPosition = 'end' | 'beginning' | { timeMs: number };

/** What a process says of a subscription when it registers it. */
export interface SubscriptionWish {
  topics: readonly string[];
  /** Has a meaning only when the subscription is made; one that stands goes on where it is. */
  start: StartPosition;
  /** Undefined leaves what the configuration says. */
  retry: RetryWish | undefined;
  /** Whether it belongs to one process alone and goes with it. */
  perProcess: boolean;
}

/**
 * What a reader needs of the subscriptions. In the process of the events system that is the pools; in any other it is
 * the bus over HTTP.
 */
export interface SubscriptionAccess {
  /**
   * Makes a subscription stand, or says again that it is wanted.
   *
   * @returns when every event that is published from now on reaches it
   */
  register(id: string, wish: SubscriptionWish): Promise<void>;

  /**
   * Claims the next events.
   *
   * @param limit - how many events at the most
   * @param wait.limitMs - how long to wait for something to claim, in milliseconds
   * @param wait.signal - ends the waiting
   * @returns undefined when nothing came
   * @throws SubscriptionMissingError when it has to be registered again
   */
  claim(
    subscriptionId: string,
    limit: { maxEvents: number },
    wait: { limitMs: number; signal: AbortSignal },
  ): Promise<ClaimedBatch | undefined>;

  /**
   * Ends a claim.
   *
   * @param handled - one for each event of the batch
   * @returns false when the ticket had lapsed: nothing was recorded, and the events are delivered again
   */
  settle(
    batch: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean>;

  /** Extends the lease; returns whether the ticket was still good. */
  renew(batch: ClaimedBatch): Promise<boolean>;

  /** Removes a subscription that nobody will read any more. */
  remove(subscriptionId: string): Promise<void>;

  /** Whether a failure may pass, so that the same call may succeed later. */
  isUnavailable(error: unknown): boolean;
}

/**
 * The subscription is not there: it never was, or it expired because nobody asked for it.
 *
 * Over HTTP it is known by its name, which Backstage puts into the body of its answer: anybody may answer with 404.
 */
export class SubscriptionMissingError extends Error {
  override readonly name = 'SubscriptionMissingError';
  /** What Backstage answers with. */
  readonly statusCode = 404;

  constructor(id: string) {
    super(`Subscription '${id}' does not exist`);
  }
}
