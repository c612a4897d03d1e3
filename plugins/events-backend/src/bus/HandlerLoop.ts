import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type {
  EventParams,
  EventsServiceEventHandler,
} from '@backstage/plugin-events-node';
import type {
  LogEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import type { Batch, ClaimedEvent, Outcome, Settlement } from '../model/batch';
import { presentEvent } from '../model/presentEvent';
import { withTimeLimit } from '../model/withTimeLimit';
import {
  SubscriptionMissingError,
  type SubscriptionPool,
} from '../subscriptions';
import { describeFailure } from './describeFailure';
import { Slots } from './Slots';
import { splitLanes } from './splitLanes';
import { WakeUp } from './WakeUp';

/** Limits of handling, per subscription and process. */
export interface HandlingOptions {
  /** Events that are handled side by side. */
  concurrency: number;
  /** Events that one claim takes at the most. */
  maxBatchEvents: number;
  /** Bytes of payload that one claim takes at the most. */
  maxBatchBytes: number;
  /** Batches that may be open at once, when one is held up by a slow event. */
  maxOpenBatches: number;
  /** How long a batch may be worked on before the next is claimed beside it, in milliseconds. */
  patienceMs: number;
  /** From this many events on a claim is taken for a sign of load. */
  loadedBatchEvents: number;
  /**
   * Under load, the least time from one claim to the next, in milliseconds: a claim costs the same for one event as for
   * a hundred, so more are let gather. A claim that is full is followed by the next at once.
   */
  gatherMs: number;
  /** How long a claim is good unless it is renewed, in milliseconds. */
  leaseMs: number;
  /** How long a handler may take for one event, in milliseconds. */
  handlerTimeLimitMs: number;
  /** How long to sleep when nothing comes and nobody wakes, in milliseconds. */
  pollIntervalMs: number;
  /** Pause after a failure of the store, in milliseconds. */
  errorDelayMs: number;
}

/** What is measured about handling. */
export interface HandlingObserver {
  /**
   * Runs a handler within a span that continues the event's trace, and measures it.
   */
  observeHandling<T>(
    handled: { event: LogEvent; params: EventParams; subscriptionId: string },
    handle: () => Promise<T>,
  ): Promise<T>;
  onLapsed(subscriptionId: string): void;
}

/**
 * Hands the events of one subscription to its handlers in this process: claim, handle, settle, again.
 *
 * @remarks
 * Wakes up when something is published, when an owed event is due, and now and then. While events are handled, the
 * lease is renewed; if this process stops, whoever claims next gets what was not settled.
 */
export class HandlerLoop {
  readonly #subscriptionId: string;
  readonly #pool: SubscriptionPool;
  readonly #notifier: Notifier;
  readonly #options: HandlingOptions;
  readonly #observer: HandlingObserver;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #logger: LoggerService;
  readonly #register: () => Promise<void>;
  readonly #findHandler: (topic: string) => EventsServiceEventHandler;
  readonly #topics: () => ReadonlySet<string>;
  readonly #slots: Slots;
  readonly #wakeUp = new WakeUp();
  readonly #open = new Map<string, Promise<void>>();
  #stopping = false;
  #running: Promise<void> | undefined;
  #unlisten: (() => void) | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: {
    subscriptionId: string;
    pool: SubscriptionPool;
    notifier: Notifier;
    options: HandlingOptions;
    observer: HandlingObserver;
    /** Whether a failure of the store may pass. */
    isUnavailable: (error: unknown) => boolean;
    logger: LoggerService;
    /** Makes the subscription stand again after it expired. */
    register: () => Promise<void>;
    findHandler: (topic: string) => EventsServiceEventHandler;
    topics: () => ReadonlySet<string>;
  }) {
    this.#subscriptionId = options.subscriptionId;
    this.#pool = options.pool;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#observer = options.observer;
    this.#isUnavailable = options.isUnavailable;
    this.#logger = options.logger;
    this.#register = options.register;
    this.#findHandler = options.findHandler;
    this.#topics = options.topics;
    this.#slots = new Slots(options.options.concurrency);
  }

  /** Starts to hand out events. */
  start(): void {
    if (this.#running || this.#stopping) {
      return;
    }
    this.#unlisten = this.#notifier.listen({
      wants: topics => {
        const own = this.#topics();
        return [...topics].some(topic => own.has(topic));
      },
      wake: () => this.#wakeUp.wake(),
    });
    this.#renewal = setInterval(() => this.#renew(), this.#options.leaseMs / 3);
    this.#running = this.#run();
  }

  /**
   * Claims no more, lets running handlers end, and hands back what was not tried.
   *
   * @param graceMs - how long handlers may still take, in milliseconds; what is not settled by then lapses
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#unlisten?.();
    this.#wakeUp.wake();
    await withTimeLimit(
      this.#end(),
      graceMs,
      () => new Error('grace is over'),
    ).catch(() =>
      this.#logger.warn(
        `Handlers of ${
          this.#subscriptionId
        } did not end within ${graceMs} ms; their events will be delivered again`,
      ),
    );
    clearInterval(this.#renewal);
  }

  /**
   * Claims one batch and starts to work on it.
   *
   * @returns the work, and how long to sleep when there was none
   */
  async runOnce(): Promise<
    | { work: Promise<void>; gatherMs: number }
    | { work: undefined; sleepMs: number }
  > {
    const {
      maxBatchEvents,
      maxBatchBytes,
      leaseMs,
      patienceMs,
      pollIntervalMs,
    } = this.#options;
    const claim = await this.#pool.claim(this.#subscriptionId, {
      maxEvents: maxBatchEvents,
      maxBytes: maxBatchBytes,
      leaseMs,
      patienceMs,
    });
    if (!claim.batch) {
      const { dueInMs = pollIntervalMs } = claim;
      // Something that is due but could not be claimed has its key in another reader's hands.
      const sleepMs = dueInMs <= 0 ? patienceMs : dueInMs;
      return { work: undefined, sleepMs: Math.min(sleepMs, pollIntervalMs) };
    }
    const { batch } = claim;
    const work = this.#work(batch).finally(() => {
      this.#open.delete(batch.ticket);
      this.#wakeUp.wake();
    });
    this.#open.set(batch.ticket, work);
    const count = batch.events.length;
    const gathers =
      count >= this.#options.loadedBatchEvents && count < maxBatchEvents;
    return { work, gatherMs: gathers ? this.#options.gatherMs : 0 };
  }

  async #end(): Promise<void> {
    // A claim that was under way may still open a batch.
    await this.#running;
    await Promise.all(this.#open.values());
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#wakeUp.reset();
      if (this.#open.size >= this.#options.maxOpenBatches) {
        await this.#wakeUp.sleep(this.#options.pollIntervalMs);
        continue;
      }
      try {
        const turn = await this.runOnce();
        if (turn.work) {
          await Promise.all([
            Promise.race([turn.work, delay(this.#options.patienceMs)]),
            turn.gatherMs > 0 && delay(turn.gatherMs),
          ]);
        } else {
          await this.#wakeUp.sleep(turn.sleepMs);
        }
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    if (error instanceof SubscriptionMissingError) {
      this.#logger.warn(
        `Subscription ${
          this.#subscriptionId
        } had expired and starts again at the end of the log`,
      );
      await this.#register().catch(again => this.#logFailure(again));
    } else {
      this.#logFailure(error);
    }
    await delay(this.#options.errorDelayMs);
  }

  #logFailure(error: unknown): void {
    this.#logger.warn(
      `Reading events for ${this.#subscriptionId} failed, trying again`,
      error instanceof Error ? error : new Error(String(error)),
    );
  }

  async #work(batch: Batch): Promise<void> {
    const lanes = splitLanes(batch.events);
    const settlements = await Promise.all(
      lanes.map(lane => this.#handleLane(lane)),
    );
    await this.#settle(batch, settlements.flat());
  }

  async #handleLane(lane: readonly ClaimedEvent[]): Promise<Settlement[]> {
    const settlements: Settlement[] = [];
    let failed = false;
    for (const claimed of lane) {
      const outcome: Outcome = failed
        ? { kind: 'untried' }
        : await this.#slots.use(() => this.#handle(claimed));
      failed ||= outcome.kind !== 'delivered';
      settlements.push({ ...claimed, outcome });
    }
    return settlements;
  }

  async #handle({ event, attempt }: ClaimedEvent): Promise<Outcome> {
    if (this.#stopping) {
      return { kind: 'untried' };
    }
    const start = performance.now();
    const { handlerTimeLimitMs } = this.#options;
    try {
      const params: EventParams = presentEvent(event, attempt);
      const subscriptionId = this.#subscriptionId;
      await this.#observer.observeHandling(
        { event, params, subscriptionId },
        () =>
          withTimeLimit(
            // A handler that throws before it returns a promise is a failed attempt like any other.
            (async () => this.#findHandler(event.topic)(params))(),
            handlerTimeLimitMs,
            () =>
              new Error(
                `The handler did not end within ${handlerTimeLimitMs} ms (events.handlers.timeLimit)`,
              ),
          ),
      );
      return { kind: 'delivered', durationMs: performance.now() - start };
    } catch (error) {
      const failure = describeFailure(error);
      this.#logger.warn(
        `Handler of ${this.#subscriptionId} failed at event ${
          event.id
        } of topic ${event.topic}, attempt ${attempt}`,
        error instanceof Error ? error : new Error(failure),
      );
      return {
        kind: 'failed',
        error: failure,
        durationMs: performance.now() - start,
      };
    }
  }

  /**
   * Settles, for as long as it takes while the store is away: the handlers have done their work. What the store refuses
   * to record is left to lapse, so that it cannot keep this reader busy for ever.
   */
  async #settle(
    batch: Batch,
    settlements: readonly Settlement[],
  ): Promise<void> {
    for (;;) {
      try {
        const settled = await this.#pool.settle(
          batch.ticket,
          batch.subscriptionId,
          settlements,
        );
        if (!settled) {
          this.#observer.onLapsed(this.#subscriptionId);
          this.#logger.warn(
            `A batch of ${settlements.length} events of ${
              this.#subscriptionId
            } was not settled within its lease; its events will be delivered again`,
          );
        }
        return;
      } catch (error) {
        this.#logFailure(error);
        if (this.#stopping || !this.#isUnavailable(error)) {
          return;
        }
        await delay(this.#options.errorDelayMs);
      }
    }
  }

  async #renew(): Promise<void> {
    const tickets = [...this.#open.keys()];
    if (tickets.length > 0) {
      await this.#pool
        .renew(tickets, this.#options.leaseMs)
        .catch(error => this.#logFailure(error));
    }
  }
}
