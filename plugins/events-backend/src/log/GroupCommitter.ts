import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceUnavailableError } from '@backstage/errors';
import type {
  AppendOutcome,
  EventLog,
  NewEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import { withTimeLimit } from '@callboard/backstage-plugin-events-node/bus';

/** Limits of the {@link GroupCommitter}. */
export interface GroupCommitterOptions {
  /** Events that one append carries at the most. */
  maxBatchEvents: number;
  /** Bytes of payload that one append carries at the most; a single group may be larger. */
  maxBatchBytes: number;
  /** Bytes of payload and metadata, in characters, that may wait at the most; more are refused. */
  maxQueuedBytes: number;
  /** Pause after a failed append, in milliseconds. */
  retryDelayMs: number;
  /** How long one append may take, in milliseconds; a connection that hangs must not hold up the next. */
  appendTimeLimitMs: number;
}

/** What is measured about appends. */
export interface AppendObserver {
  onAppended(
    events: readonly NewEvent[],
    outcomes: readonly AppendOutcome[],
    durationMs: number,
  ): void;
  onAppendFailed(error: unknown): void;
}

interface Group {
  events: readonly NewEvent[];
  bytes: number;
  settled: boolean;
  resolve(outcomes: AppendOutcome[]): void;
  reject(error: unknown): void;
}

/**
 * Gathers the events of concurrent publishers into shared appends (group commit).
 *
 * @remarks
 * One append is under way at a time. Whatever is published meanwhile goes into the next, so nobody waits for a timer,
 * and the busier it gets the more events share one commit.
 *
 * A group of events (an event and its subtopics) is appended whole. When the store is away, the append is tried again
 * until the time of each group is up; the ids make that safe, since an event that did get in is found there. A group
 * whose time is up is rejected; it may be in the log all the same if its last append was cut off.
 *
 * Readers are woken once for each append, and not for each publisher.
 */
export class GroupCommitter {
  readonly #log: EventLog;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #options: GroupCommitterOptions;
  readonly #notifier: Pick<Notifier, 'notify'>;
  readonly #observer: AppendObserver;
  readonly #queue: Group[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: {
    log: EventLog;
    /** Whether an append may succeed when it is tried again. */
    isUnavailable: (error: unknown) => boolean;
    options: GroupCommitterOptions;
    /** Is told the topics that something was appended to. */
    notifier: Pick<Notifier, 'notify'>;
    observer: AppendObserver;
  }) {
    this.#log = options.log;
    this.#isUnavailable = options.isUnavailable;
    this.#options = options.options;
    this.#notifier = options.notifier;
    this.#observer = options.observer;
  }

  /**
   * Appends a group of events, whole or not at all.
   *
   * @param events - the group
   * @param timeLimitMs - how long to try, in milliseconds
   * @returns an outcome for each event, once they are durable
   * @throws ServiceUnavailableError when the store stayed away, or too much is waiting for it already
   */
  append(
    events: readonly NewEvent[],
    timeLimitMs: number,
  ): Promise<AppendOutcome[]> {
    if (this.#stopped) {
      return Promise.reject(
        new ServiceUnavailableError('The events system is shutting down'),
      );
    }
    const bytes = events.reduce(
      (sum, { payload, metadata }) => sum + payload.length + metadata.length,
      0,
    );
    if (
      this.#queue.length > 0 &&
      this.#queuedBytes + bytes > this.#options.maxQueuedBytes
    ) {
      return Promise.reject(
        new ServiceUnavailableError(
          `More than ${
            this.#options.maxQueuedBytes
          } bytes of events are waiting for the events database already; try again later`,
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
            `The event was not stored within ${timeLimitMs} ms; the events database is away or slow`,
          ),
        );
      }, timeLimitMs);
      const settle = () => {
        clearTimeout(timer);
        group.settled = true;
        this.#queuedBytes -= bytes;
      };
      const group: Group = {
        events,
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
      this.#queuedBytes += bytes;
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

  #takeBatch(): Group[] {
    const batch: Group[] = [];
    let events = 0;
    let bytes = 0;
    while (this.#queue.length > 0) {
      const next = this.#queue[0];
      const fits =
        events + next.events.length <= this.#options.maxBatchEvents &&
        bytes + next.bytes <= this.#options.maxBatchBytes;
      if (batch.length > 0 && !fits) {
        break;
      }
      this.#queue.shift();
      if (!next.settled) {
        batch.push(next);
        events += next.events.length;
        bytes += next.bytes;
      }
    }
    return batch;
  }

  async #appendBatch(batch: Group[]): Promise<void> {
    const events = batch.flatMap(group => group.events);
    const start = performance.now();
    try {
      const outcomes = await withTimeLimit(
        this.#log.append(events),
        this.#options.appendTimeLimitMs,
        () =>
          new ServiceUnavailableError(
            `An append took more than ${this.#options.appendTimeLimitMs} ms`,
          ),
      );
      this.#observer.onAppended(events, outcomes, performance.now() - start);
      let first = 0;
      for (const group of batch) {
        group.resolve(outcomes.slice(first, first + group.events.length));
        first += group.events.length;
      }
      this.#notify(events, outcomes);
    } catch (error) {
      this.#observer.onAppendFailed(error);
      await this.#recover(batch, error);
    }
  }

  #notify(
    events: readonly NewEvent[],
    outcomes: readonly AppendOutcome[],
  ): void {
    const appended = events.filter((_, index) => outcomes[index].appended);
    if (appended.length > 0) {
      this.#notifier.notify(new Set(appended.map(({ topic }) => topic)));
    }
  }

  async #recover(batch: Group[], error: unknown): Promise<void> {
    if (
      error instanceof ServiceUnavailableError ||
      this.#isUnavailable(error)
    ) {
      // Back to the front: their publishers came first.
      this.#queue.unshift(...batch.filter(group => !group.settled));
      await new Promise(resolve =>
        setTimeout(resolve, this.#options.retryDelayMs),
      );
      return;
    }
    if (batch.length === 1) {
      batch[0].reject(error);
      return;
    }
    // One event that the store refuses must not take the others with it.
    for (const group of batch.filter(({ settled }) => !settled)) {
      await this.#appendBatch([group]);
    }
  }
}
