import type { ClaimedBatch, HandledEvent } from '../ClaimedBatch';
import type {
  SubscriptionAccess,
  SubscriptionWish,
} from '../SubscriptionAccess';

/** A failure that passes. */
export class AwayError extends Error {}

/**
 * Subscriptions of a test: answers with what the test has prepared, and keeps what it is asked.
 *
 * Each call first looks for a failure or a hang that the test has put in its way.
 */
export class FakeAccess implements SubscriptionAccess {
  readonly calls: string[] = [];
  /** The most events that each claim asked for. */
  readonly asked: number[] = [];
  readonly settled: {
    batch: ClaimedBatch;
    handled: readonly HandledEvent[];
  }[] = [];
  readonly registered: { id: string; wish: SubscriptionWish }[] = [];
  /** What claims give, in order; after the last they wait. */
  readonly batches: ClaimedBatch[] = [];
  settles = true;
  renews = true;
  readonly #obstacles = new Map<string, (() => Promise<void>)[]>();
  readonly #listeners = new Set<() => void>();

  /** Puts something in the way of the next call of a method. */
  obstruct(method: keyof SubscriptionAccess, obstacle: () => Promise<void>) {
    const obstacles = this.#obstacles.get(method) ?? [];
    obstacles.push(obstacle);
    this.#obstacles.set(method, obstacles);
  }

  /** Lets the next calls of a method fail, once for each error. */
  fail(method: keyof SubscriptionAccess, ...errors: Error[]) {
    errors.forEach(error => this.obstruct(method, () => Promise.reject(error)));
  }

  /** Holds up the next call of a method until it is let go. */
  hold(method: keyof SubscriptionAccess): () => void {
    let letGo = () => {};
    const gate = new Promise<void>(resolve => {
      letGo = resolve;
    });
    this.obstruct(method, () => gate);
    return letGo;
  }

  /** Gives this batch to the next claim. */
  offer(batch: ClaimedBatch) {
    this.batches.push(batch);
    this.#changed();
  }

  /** Resolves when a condition holds, which is looked at after each call. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>(resolve => this.#listeners.add(resolve));
    }
  }

  count(method: keyof SubscriptionAccess): number {
    return this.calls.filter(call => call === method).length;
  }

  async register(id: string, wish: SubscriptionWish): Promise<void> {
    await this.#call('register');
    this.registered.push({ id, wish });
    this.#changed();
  }

  async claim(
    _id: string,
    { maxEvents }: { maxEvents: number },
    { limitMs, signal }: { limitMs: number; signal: AbortSignal },
  ): Promise<ClaimedBatch | undefined> {
    this.asked.push(maxEvents);
    await this.#call('claim');
    if (this.batches.length === 0 && !signal.aborted) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, limitMs);
        const end = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#listeners.add(end);
        signal.addEventListener('abort', end, { once: true });
      });
    }
    return signal.aborted ? undefined : this.batches.shift();
  }

  async settle(
    batch: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean> {
    await this.#call('settle');
    this.settled.push({ batch, handled });
    this.#changed();
    return this.settles;
  }

  async renew(): Promise<boolean> {
    await this.#call('renew');
    return this.renews;
  }

  async remove(): Promise<void> {
    await this.#call('remove');
  }

  isUnavailable(error: unknown): boolean {
    return error instanceof AwayError;
  }

  async #call(method: keyof SubscriptionAccess): Promise<void> {
    this.calls.push(method);
    this.#changed();
    await this.#obstacles.get(method)?.shift()?.();
  }

  #changed() {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    listeners.forEach(listener => listener());
  }
}
