import type { Subscription } from './subscriptionRow';

/** More subscriptions than a portal has; those of processes that come and go must not add up. */
const limit = 1_000;

/**
 * Remembers subscriptions that nobody reads but this process, so that it need not read them before each claim.
 *
 * @remarks
 * A guess that costs one more look at the log when it is wrong: the claim compares what is remembered with what is
 * stored, behind the lock. Who finds a cursor where this process left it reads alone; where several read, each finds it moved.
 */
export class LoneReaders {
  /** Where this process left each cursor, and the subscription if it is read alone; the oldest first. */
  readonly #left = new Map<
    string,
    { cursor: number; alone: Subscription | undefined }
  >();

  /** A subscription as it should be now; undefined where it has to be read. */
  recall(id: string): Subscription | undefined {
    return this.#left.get(id)?.alone;
  }

  /** It was read from the store. */
  onRead(subscription: Subscription): void {
    const { id, cursor } = subscription;
    if (this.#left.get(id)?.cursor === cursor) {
      this.#note(id, { cursor, alone: subscription });
    } else {
      this.#left.delete(id);
    }
  }

  /** This process moved its cursor. */
  onMoved(subscription: Subscription, cursor: number): void {
    const { id } = subscription;
    const isAlone = this.recall(id) !== undefined;
    this.#note(id, {
      cursor,
      alone: isAlone ? { ...subscription, cursor } : undefined,
    });
  }

  forget(id: string): void {
    this.#left.delete(id);
  }

  #note(
    id: string,
    left: { cursor: number; alone: Subscription | undefined },
  ): void {
    this.#left.delete(id);
    this.#left.set(id, left);
    if (this.#left.size > limit) {
      const [oldest] = this.#left.keys();
      this.#left.delete(oldest);
    }
  }
}
