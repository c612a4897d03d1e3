import type {
  EventFilter,
  EventLog,
  LogEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import {
  WakeUp,
  type Slots,
} from '@callboard/backstage-plugin-events-node/bus';
import { describeLostPlace } from '../model/describeLostPlace';
import { rest } from './rest';

/** How the log is followed. */
export interface FollowingOptions {
  /** Events and bytes of payload that are read at once; one event is read whatever its size. */
  page: { events: number; bytes: number };
  /** Whoever is not woken looks again after this time, in milliseconds. */
  pollIntervalMs: number;
  /** From one look to the next, in milliseconds, so that a busy log is not looked into for every event. */
  gatherMs: number;
}

/** What a look behind a position came to. */
export type Found =
  | {
      lost?: undefined;
      /** None when the time was up. */
      events: LogEvent[];
      /** Every event up to here was given, or is not wanted. */
      position: number;
      tail: number;
    }
  /** Events that were not given are gone, or the position is none of this log; a sentence for the reader. */
  | { lost: string };

/** Follows the log for one reader outside: gives what comes behind a position, and waits while nothing is there. */
export class LogFollower {
  readonly #log: Pick<EventLog, 'readAfter'>;
  readonly #notifier: Notifier;
  readonly #reads: Slots;
  readonly #options: FollowingOptions;
  readonly #filter: EventFilter;
  #position: number;
  #nextLookMs = -Infinity;

  constructor(options: {
    log: Pick<EventLog, 'readAfter'>;
    notifier: Notifier;
    /** Shared by all followers, so that they leave connections of the store to others. */
    reads: Slots;
    options: FollowingOptions;
    position: number;
    filter: EventFilter;
  }) {
    this.#log = options.log;
    this.#notifier = options.notifier;
    this.#reads = options.reads;
    this.#options = options.options;
    this.#position = options.position;
    this.#filter = options.filter;
  }

  /** Every event up to here was given, or is not wanted. */
  get position(): number {
    return this.#position;
  }

  /**
   * Gives the next events, and moves behind them.
   *
   * @param waitMs - how long to wait while there are none, in milliseconds
   * @param signal - ends the wait
   * @returns undefined when the wait was ended before the log was looked into
   */
  async next(waitMs: number, signal: AbortSignal): Promise<Found | undefined> {
    const { page, pollIntervalMs, gatherMs } = this.#options;
    const { topics } = this.#filter;
    const endMs = performance.now() + waitMs;
    const wakeUp = new WakeUp();
    const wake = () => wakeUp.wake();
    signal.addEventListener('abort', wake);
    const stopListening = this.#notifier.listen({
      wants: came => topics?.some(topic => came.has(topic)) ?? true,
      wake,
    });
    let found: Found | undefined;
    try {
      for (;;) {
        await rest(this.#nextLookMs - performance.now(), signal);
        wakeUp.reset();
        // Nobody waits for it any more; while the store is silent each read would take as long as a statement may.
        const slice = await this.#reads.use(async () =>
          signal.aborted
            ? undefined
            : this.#log.readAfter(this.#position, this.#filter, page),
        );
        if (!slice) {
          return found;
        }
        this.#nextLookMs = performance.now() + gatherMs;
        const lost = describeLostPlace(this.#position, slice);
        if (lost !== undefined) {
          return { lost };
        }
        this.#position = slice.upTo;
        if (slice.upTo < slice.tail) {
          // The page was full: there is more to read at once.
          this.#nextLookMs = -Infinity;
        }
        found = {
          events: slice.events,
          position: slice.upTo,
          tail: slice.tail,
        };
        const leftMs = endMs - performance.now();
        if (slice.events.length > 0 || leftMs <= 0 || signal.aborted) {
          return found;
        }
        await wakeUp.sleep(Math.min(pollIntervalMs, leftMs));
      }
    } finally {
      stopListening();
      signal.removeEventListener('abort', wake);
    }
  }
}
