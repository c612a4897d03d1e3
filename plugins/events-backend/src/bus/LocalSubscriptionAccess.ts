import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type {
  ClaimedBatch,
  HandledEvent,
  SubscriptionAccess,
  SubscriptionWish,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Batch } from '../model/batch';
import { presentEvent } from '../model/presentEvent';
import type { SubscriptionPool } from '../subscriptions';
import { claimOrWait, type ReadingOptions } from './claimOrWait';
import { planExpiry, type ExpiryOptions } from './planExpiry';

/**
 * The subscriptions as handlers in the process of the events system have them, without HTTP in between.
 */
export class LocalSubscriptionAccess implements SubscriptionAccess {
  readonly #pool: SubscriptionPool;
  readonly #notifier: Notifier;
  readonly #options: ReadingOptions & { expiry: ExpiryOptions };
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #batches = new WeakMap<ClaimedBatch, Batch>();

  constructor(options: {
    pool: SubscriptionPool;
    notifier: Notifier;
    options: ReadingOptions & { expiry: ExpiryOptions };
    /** Whether a failure of the store may pass. */
    isUnavailable: (error: unknown) => boolean;
  }) {
    this.#pool = options.pool;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#isUnavailable = options.isUnavailable;
  }

  register(id: string, wish: SubscriptionWish): Promise<void> {
    const { start, retry, perProcess } = wish;
    return this.#pool.register(id, wish.topics, {
      start,
      retry,
      decideExpiry: topics =>
        planExpiry({ topics, perProcess }, this.#options.expiry),
    });
  }

  async claim(
    subscriptionId: string,
    { maxEvents }: { maxEvents: number },
    { limitMs, signal }: { limitMs: number; signal: AbortSignal },
  ): Promise<ClaimedBatch | undefined> {
    const startMs = performance.now();
    const found = await claimOrWait(
      { pool: this.#pool, notifier: this.#notifier, options: this.#options },
      subscriptionId,
      { maxEvents, waitMs: limitMs, signal },
    );
    if (!found) {
      return undefined;
    }
    const { batch, waitedMs } = found;
    const claimed: ClaimedBatch = {
      ticket: batch.ticket,
      subscriptionId,
      leaseMs: this.#options.leaseMs,
      leasedFromMs: startMs + waitedMs,
      events: batch.events.map(({ event, attempt }) => ({
        position: event.position,
        id: event.id,
        topic: event.topic,
        key: event.key,
        timeMs: event.timeMs,
        attempt,
        present: () => presentEvent(event, attempt),
      })),
    };
    this.#batches.set(claimed, batch);
    return claimed;
  }

  async settle(
    claimed: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean> {
    const batch = this.#batches.get(claimed);
    if (!batch) {
      throw new Error(`Batch ${claimed.ticket} was not claimed here`);
    }
    const outcomes = new Map(
      handled.map(({ event, outcome }) => [event.position, outcome]),
    );
    return this.#pool.settle(
      batch.ticket,
      batch.subscriptionId,
      batch.events.map(event => ({
        ...event,
        outcome: outcomes.get(event.event.position) ?? { kind: 'untried' },
      })),
    );
  }

  async renew({ ticket }: ClaimedBatch): Promise<boolean> {
    const good = await this.#pool.renew([ticket], this.#options.leaseMs);
    return good.has(ticket);
  }

  remove(subscriptionId: string): Promise<void> {
    return this.#pool.remove(subscriptionId);
  }

  isUnavailable(error: unknown): boolean {
    return this.#isUnavailable(error);
  }
}
