import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceUnavailableError } from '@backstage/errors';
import { withTimeLimit } from '../handling/withTimeLimit';

/** Limits of the {@link GroupCommitter}. */
export interface GroupCommitterOptions {
  /** Items that one append carries at the most; a single group may have more. */
  maxBatchItems: number;
  /** Bytes that one append carries at the most; a single group may be larger. */
  maxBatchBytes: number;
  /** Bytes that may wait at the most; more are refused. */
  maxQueuedBytes: number;
  /** Pause after a failed append, in milliseconds. */
  retryDelayMs: number;
  /** How long one append may take, in milliseconds; a connection that hangs must not hold up the next. */
  appendTimeLimitMs: number;
}

/** What a group that waits costs besides its items: a timer, promises and closures. */
export const groupOverheadBytes = 2_048;

/** What is measured about appends. */
export interface AppendObserver<TItem, TOutcome> {
  onAppended(
    items: readonly TItem[],
    outcomes: readonly TOutcome[],
    durationMs: number,
  ): void;
  onAppendFailed(error: unknown): void;
}

interface Group<TItem, TOutcome> {
  items: readonly TItem[];
  bytes: number;
  settled: boolean;
  resolve(outcomes: TOutcome[]): void;
  reject(error: unknown): void;
}

/**
 * Gathers the events of concurrent publishers into shared appends (group commit).
 *
 * @remarks
 * One append is under way at a time. Whatever is published meanwhile goes into the next, so nobody waits for a timer,
 * and the busier it gets the more events share one commit.
 *
 * What is appended are items: events where they go into the log, groups of events where they go to the log's process. A
 * group of items (an event and its subtopics) is appended whole. When the store is away, the append is tried again
 * until the time of each group is up; the ids make that safe, since an event that did get in is found there. A group
 * whose time is up is rejected; it may be in the log all the same if its last append was cut off.
 */
export class GroupCommitter<TItem, TOutcome> {
  readonly #store: string;
  readonly #append: (items: readonly TItem[]) => Promise<TOutcome[]>;
  readonly #weigh: (item: TItem) => number;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #options: GroupCommitterOptions;
  readonly #observer: AppendObserver<TItem, TOutcome>;
  readonly #queue: Group<TItem, TOutcome>[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: {
    /** What they are appended to, as errors call it. */
    store: string;
    /** Appends items, whole or not at all; an outcome for each. */
    append: (items: readonly TItem[]) => Promise<TOutcome[]>;
    /** Bytes of an item. */
    weigh: (item: TItem) => number;
    /** Whether an append may succeed when it is tried again. */
    isUnavailable: (error: unknown) => boolean;
    options: GroupCommitterOptions;
    observer: AppendObserver<TItem, TOutcome>;
  }) {
    this.#store = options.store;
    this.#append = options.append;
    this.#weigh = options.weigh;
    this.#isUnavailable = options.isUnavailable;
    this.#options = options.options;
    this.#observer = options.observer;
  }

  /**
   * Appends a group of items, whole or not at all.
   *
   * @param items - the group
   * @param timeLimitMs - how long to try, in milliseconds
   * @returns an outcome for each item, once they are durable
   * @throws ServiceUnavailableError when the store stayed away, or too much is waiting for it already
   */
  append(items: readonly TItem[], timeLimitMs: number): Promise<TOutcome[]> {
    if (this.#stopped) {
      return Promise.reject(
        new ServiceUnavailableError('The events system is shutting down'),
      );
    }
    const bytes = items.reduce((sum, item) => sum + this.#weigh(item), 0);
    const queuedBytes = bytes + groupOverheadBytes;
    if (
      this.#queue.length > 0 &&
      this.#queuedBytes + queuedBytes > this.#options.maxQueuedBytes
    ) {
      return Promise.reject(
        new ServiceUnavailableError(
          `More than ${
            this.#options.maxQueuedBytes
          } bytes of events are waiting for ${
            this.#store
          } already; try again later`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // What waits in the queue is let go; what an append has in hand goes with it.
        const place = this.#queue.indexOf(group);
        if (place >= 0) {
          this.#queue.splice(place, 1);
        }
        group.reject(
          new ServiceUnavailableError(
            `The event was not stored within ${timeLimitMs} ms; ${
              this.#store
            } is away or slow`,
          ),
        );
      }, timeLimitMs);
      const settle = () => {
        clearTimeout(timer);
        group.settled = true;
        this.#queuedBytes -= queuedBytes;
      };
      const group: Group<TItem, TOutcome> = {
        items,
        bytes,
        settled: false,
        resolve: outcomes => {
          if (!group.settled) {
            settle();
            resolve(outcomes);
          }
        },
        reject: error => {
          if (!group.settled) {
            settle();
            reject(error);
          }
        },
      };
      this.#queue.push(group);
      this.#queuedBytes += queuedBytes;
      this.#running ??= this.#drain();
    });
  }

  /** Refuses further events and waits until those that were accepted are appended or rejected. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Publishers that run in the same turn of the event loop share the first append.
    await nextTurn();
    try {
      while (this.#queue.length > 0) {
        const batch = this.#takeBatch();
        if (batch.length > 0) {
          await this.#appendBatch(batch);
        }
      }
    } finally {
      // In the same turn as the last look into the queue: a group that comes later starts the next drain.
      this.#running = undefined;
    }
  }

  #takeBatch(): Group<TItem, TOutcome>[] {
    const batch: Group<TItem, TOutcome>[] = [];
    let items = 0;
    let bytes = 0;
    while (this.#queue.length > 0) {
      const next = this.#queue[0];
      const fits =
        items + next.items.length <= this.#options.maxBatchItems &&
        bytes + next.bytes <= this.#options.maxBatchBytes;
      if (batch.length > 0 && !fits) {
        break;
      }
      this.#queue.shift();
      if (!next.settled) {
        batch.push(next);
        items += next.items.length;
        bytes += next.bytes;
      }
    }
    return batch;
  }

  async #appendBatch(batch: Group<TItem, TOutcome>[]): Promise<void> {
    const failure = await this.#tryAppend(batch);
    if (!failure) {
      return;
    }
    if (this.#mayPass(failure.error)) {
      await this.#putBack(batch);
      return;
    }
    if (batch.length === 1) {
      batch[0].reject(failure.error);
      return;
    }
    // One event that the store refuses must not take the others with it.
    for (const [index, group] of batch.entries()) {
      const own = group.settled ? undefined : await this.#tryAppend([group]);
      if (own && this.#mayPass(own.error)) {
        await this.#putBack(batch.slice(index));
        return;
      }
      if (own) {
        group.reject(own.error);
      }
    }
  }

  async #tryAppend(
    batch: readonly Group<TItem, TOutcome>[],
  ): Promise<{ error: unknown } | undefined> {
    const items = batch.flatMap(group => group.items);
    const start = performance.now();
    try {
      const outcomes = await withTimeLimit(
        this.#append(items),
        this.#options.appendTimeLimitMs,
        () =>
          new ServiceUnavailableError(
            `An append took more than ${this.#options.appendTimeLimitMs} ms`,
          ),
      );
      this.#observer.onAppended(items, outcomes, performance.now() - start);
      let first = 0;
      for (const group of batch) {
        group.resolve(outcomes.slice(first, first + group.items.length));
        first += group.items.length;
      }
      return undefined;
    } catch (error) {
      this.#observer.onAppendFailed(error);
      return { error };
    }
  }

  #mayPass(error: unknown): boolean {
    return (
      error instanceof ServiceUnavailableError || this.#isUnavailable(error)
    );
  }

  /** Puts groups back to the front, since their publishers came first, and waits a moment. */
  async #putBack(batch: readonly Group<TItem, TOutcome>[]): Promise<void> {
    this.#queue.unshift(...batch.filter(group => !group.settled));
    await new Promise(resolve =>
      setTimeout(resolve, this.#options.retryDelayMs),
    );
  }
}
