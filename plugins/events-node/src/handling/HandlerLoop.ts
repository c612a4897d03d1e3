import {
  setImmediate as nextTurn,
  setTimeout as delay,
} from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { FailureLog } from '../FailureLog';
import type {
  ClaimedBatch,
  HandledEvent,
  HandlingOutcome,
} from './ClaimedBatch';
import { FailureStreak } from './FailureStreak';
import { Lease } from './Lease';
import {
  SubscriptionMissingError,
  type SubscriptionAccess,
} from './SubscriptionAccess';
import { WakeUp } from './WakeUp';
import { withTimeLimit } from './withTimeLimit';

/** So that under load a reader spends no more than a fifth of its time on claiming, however busy the machine. */
const gatherFactor = 4;

/** How one subscription is read by one process. */
export interface LoopOptions {
  /** Events that one claim takes at the most. */
  maxBatchEvents: number;
  /** How long a batch may be worked on before the next is claimed beside it, in milliseconds. */
  patienceMs: number;
  /** From this many events on a claim is taken for a sign of load. */
  loadedBatchEvents: number;
  /**
   * Under load, the least and the most time from one claim to the next, in milliseconds: a claim costs the same for one
   * event as for a hundred, so more are let gather, for a few times as long as the last claim took. A claim that is full
   * is followed by the next at once.
   */
  gatherMs: { least: number; most: number };
  /**
   * When a handler has failed at so many events, with nothing delivered meanwhile, the next claims take few events, with a pause
   * in milliseconds before each. Whatever it needs is away: the rest waits and spends no attempts, and
   * neither the store nor other handlers are kept busy by failures.
   */
  sparing: { afterFailures: number; maxBatchEvents: number; pauseMs: number };
  /** How long one claim waits for something to come, in milliseconds. */
  waitLimitMs: number;
  /** How long a call of the subscriptions may take, its waiting aside; a connection that hangs must not hold up more. */
  callLimitMs: number;
  /** Pause after a failure of the store, in milliseconds. */
  errorDelayMs: number;
}

/**
 * Handles a batch; never rejects.
 *
 * @param mayBegin - asked before each attempt: false once the loop stops, or others may have the batch
 */
export type HandleBatch = (
  batch: ClaimedBatch,
  mayBegin: () => boolean,
) => Promise<HandledEvent[]>;

/**
 * Hands the events of one subscription to its handlers in this process: claim, handle, settle, again.
 *
 * @remarks
 * While events are handled, the lease is renewed; if this process stops, whoever claims next gets what was not settled.
 * Once its lease has lapsed this process begins with nothing more of the batch: later events of its keys may have been
 * handled elsewhere.
 */
export class HandlerLoop {
  readonly #subscriptionId: string;
  readonly #access: SubscriptionAccess;
  readonly #options: LoopOptions;
  readonly #logger: LoggerService;
  readonly #register: () => Promise<void>;
  readonly #handle: HandleBatch;
  readonly #hasRoom: (openBatches: number) => boolean;
  readonly #onLapsed: () => void;
  readonly #open = new Map<string, Promise<void>>();
  readonly #freed = new WakeUp();
  readonly #streak: FailureStreak;
  readonly #failures: FailureLog;
  /** No more is claimed. */
  readonly #stopping = new AbortController();
  /** What is not settled is left to lapse. */
  readonly #givenUp = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: {
    subscriptionId: string;
    access: SubscriptionAccess;
    options: LoopOptions;
    logger: LoggerService;
    /** Makes the subscription stand again after it expired. */
    register: () => Promise<void>;
    handle: HandleBatch;
    /** Whether one more batch could be handled beside so many that are open. */
    hasRoom: (openBatches: number) => boolean;
    onLapsed: () => void;
  }) {
    this.#subscriptionId = options.subscriptionId;
    this.#access = options.access;
    this.#options = options.options;
    this.#streak = new FailureStreak(options.options.sparing.afterFailures);
    this.#logger = options.logger;
    this.#register = options.register;
    this.#handle = options.handle;
    this.#hasRoom = options.hasRoom;
    this.#onLapsed = options.onLapsed;
    this.#failures = new FailureLog({
      logger: options.logger,
      failed: `Reading events for ${options.subscriptionId} failed, trying again`,
      worked: `Reading events for ${options.subscriptionId} goes on`,
    });
  }

  /** Starts to hand out events. */
  start(): void {
    if (!this.#stopping.signal.aborted) {
      this.#running ??= this.#run();
    }
  }

  /**
   * Claims no more, lets running handlers end, and hands back what was not tried.
   *
   * @param graceMs - how long handlers may still take, in milliseconds; what is not settled by then lapses
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#freed.wake();
    await withTimeLimit(
      this.#end(),
      graceMs,
      () => new Error('grace is over'),
    ).catch(() =>
      this.#logger.warn(
        `Handlers of ${
          this.#subscriptionId
        } did not end, or could not be settled, within ${graceMs} ms; their events will be delivered again`,
      ),
    );
    this.#givenUp.abort();
  }

  /**
   * Claims one batch and starts to work on it; waits for something to claim.
   *
   * @returns the work, or undefined when nothing came in time
   */
  async runOnce(): Promise<
    { work: Promise<void>; gatherMs: number } | undefined
  > {
    const { callLimitMs } = this.#options;
    const { maxBatchEvents, waitLimitMs } = this.#planClaim();
    const claiming = this.#access.claim(
      this.#subscriptionId,
      { maxEvents: maxBatchEvents },
      { limitMs: waitLimitMs, signal: this.#stopping.signal },
    );
    const batch = await withTimeLimit(
      claiming,
      waitLimitMs + callLimitMs,
      () => {
        this.#handBack(claiming);
        return new Error(`A claim took more than ${callLimitMs} ms`);
      },
    );
    if (!batch) {
      return undefined;
    }
    const work = this.#work(batch).finally(() => {
      this.#open.delete(batch.ticket);
      this.#freed.wake();
    });
    this.#open.set(batch.ticket, work);
    const count = batch.events.length;
    const gathers =
      count >= this.#options.loadedBatchEvents && count < maxBatchEvents;
    const claimMs = performance.now() - batch.leasedFromMs;
    return { work, gatherMs: gathers ? this.#planGathering(claimMs) : 0 };
  }

  /** Who is spared takes what is there now: a claim that waits would look again and again, without a pause. */
  #planClaim(): Pick<LoopOptions, 'maxBatchEvents' | 'waitLimitMs'> {
    const { maxBatchEvents, waitLimitMs, sparing } = this.#options;
    return this.#streak.lasts
      ? {
          maxBatchEvents: Math.min(maxBatchEvents, sparing.maxBatchEvents),
          waitLimitMs: 0,
        }
      : { maxBatchEvents, waitLimitMs };
  }

  #planGathering(claimMs: number): number {
    const { least, most } = this.#options.gatherMs;
    return Math.min(most, Math.max(least, gatherFactor * claimMs));
  }

  /** Nobody waits for this claim any more; left to lapse, it would cost each of its events an attempt. */
  #handBack(claiming: Promise<ClaimedBatch | undefined>): void {
    const outcome: HandlingOutcome = { kind: 'untried' };
    claiming
      .then(
        async late =>
          late &&
          this.#access.settle(
            late,
            late.events.map(event => ({ event, outcome })),
          ),
      )
      .catch(error => this.#failures.onFailed(error));
  }

  async #end(): Promise<void> {
    // A claim that was under way may still open a batch.
    await this.#running;
    await Promise.all(this.#open.values());
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#freed.reset();
      // What nobody here could begin with is better off in the log, where another replica may claim it.
      if (this.#open.size > 0 && !this.#hasRoom(this.#open.size)) {
        await this.#freed.sleep(this.#options.patienceMs);
        continue;
      }
      try {
        if (this.#streak.lasts) {
          await this.#pause(this.#options.sparing.pauseMs, this.#stopping);
          if (this.#stopping.signal.aborted) {
            return;
          }
        }
        const turn = await this.runOnce();
        this.#failures.onWorked();
        // SQLite answers within the turn of the event loop, so a long backlog would leave no turn to anybody else.
        await nextTurn();
        if (turn) {
          await Promise.all([
            Promise.race([turn.work, delay(this.#options.patienceMs)]),
            turn.gatherMs > 0 && delay(turn.gatherMs),
          ]);
        }
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#stopping.signal.aborted) {
      return;
    }
    if (error instanceof SubscriptionMissingError) {
      this.#logger.warn(
        `Subscription ${
          this.#subscriptionId
        } had expired because nobody read it; it is made anew at the end of the log, or at its beginning if that is where it starts; in the former case what was published meanwhile is passed over`,
      );
      await this.#register().catch(again => this.#failures.onFailed(again));
    } else {
      this.#failures.onFailed(error);
    }
    await this.#pause(this.#options.errorDelayMs, this.#stopping);
  }

  async #pause(pauseMs: number, end: AbortController): Promise<void> {
    await delay(pauseMs, undefined, { signal: end.signal }).catch(() => {});
  }

  async #work(batch: ClaimedBatch): Promise<void> {
    const lease = new Lease(batch.leasedFromMs, batch.leaseMs);
    const mayBegin = () => !this.#stopping.signal.aborted && !lease.hasLapsed;
    const renewal = setInterval(
      () => this.#renew(batch, lease),
      batch.leaseMs / 3,
    );
    try {
      const handled = await this.#handle(batch, mayBegin);
      this.#noteStreak(handled);
      await this.#settle(batch, handled);
    } finally {
      clearInterval(renewal);
    }
  }

  #noteStreak(handled: readonly HandledEvent[]): void {
    const change = this.#streak.note(handled);
    const { afterFailures, pauseMs } = this.#options.sparing;
    if (change === 'begun') {
      this.#logger.warn(
        `The handler of ${
          this.#subscriptionId
        } has failed at ${afterFailures} events in a row, or more; until it succeeds it is given few events, every ${pauseMs} ms, and the others wait`,
      );
    } else if (change === 'ended') {
      this.#logger.info(
        `The handler of ${
          this.#subscriptionId
        } succeeds again and is given all events`,
      );
    }
  }

  async #renew(batch: ClaimedBatch, lease: Lease): Promise<void> {
    const { callLimitMs } = this.#options;
    const sentMs = performance.now();
    try {
      const good = await withTimeLimit(
        this.#access.renew(batch),
        callLimitMs,
        () => new Error(`Renewing a lease took more than ${callLimitMs} ms`),
      );
      lease.onRenewed(sentMs, good);
    } catch (error) {
      this.#failures.onFailed(error);
    }
  }

  /**
   * Settles, for as long as it takes while the store is away, or within the grace of a stop: the handlers have done their
   * work. What the store refuses to record is left to lapse, so that it cannot keep this reader busy for ever.
   */
  async #settle(
    batch: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<void> {
    const { callLimitMs } = this.#options;
    for (;;) {
      try {
        let timeIsUp = false;
        const settled = await withTimeLimit(
          this.#access.settle(batch, handled),
          callLimitMs,
          () => {
            timeIsUp = true;
            return new Error(`Settling took more than ${callLimitMs} ms`);
          },
        ).catch(error => {
          if (!timeIsUp && !this.#access.isUnavailable(error)) {
            // Said once; the lease lapses.
            this.#failures.onFailed(error);
            return undefined;
          }
          throw error;
        });
        if (settled === false) {
          this.#onLapsed();
          this.#logger.warn(
            `A batch of ${handled.length} events of ${
              this.#subscriptionId
            } was not settled within its lease, or was settled without an answer; what was not settled will be delivered again`,
          );
        }
        return;
      } catch (error) {
        this.#failures.onFailed(error);
        await this.#pause(this.#options.errorDelayMs, this.#givenUp);
        if (this.#givenUp.signal.aborted) {
          return;
        }
      }
    }
  }
}
