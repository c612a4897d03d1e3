import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { NotFoundError, ServiceUnavailableError } from '@backstage/errors';
import { EVENTS_NOTIFY_TIMEOUT_HEADER } from '@backstage/plugin-events-node';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { SubscriptionMissingError } from '@callboard/backstage-plugin-events-node/bus';
import type { Response } from 'express';
import type { Batch, Outcome } from '../../model/batch';
import type { Claim, SubscriptionPool } from '../../subscriptions';
import type { ReadingOptions } from '../claimOrWait';
import { HeldRequests } from './HeldRequests';
import { writeWhole } from './writeWhole';

/** Limits of the stock bus protocol. */
export interface BusV1Options {
  /** Events of one answer. */
  maxBatchEvents: number;
  /** How long a request is held when there is nothing to read, in milliseconds. */
  notifyTimeoutMs: number;
  /** Requests that are held at once, in this process. */
  maxHeldRequests: number;
  /** Pause after a failure of the store, in milliseconds. */
  errorDelayMs: number;
}

/** What is measured about reading by the stock bus protocol. */
export interface BusV1Observer {
  onLapsed(subscriptionId: string): void;
}

/**
 * Hands events to processes that keep the stock events service.
 *
 * @remarks
 * Their protocol has no settlement: nobody says what became of the events of an answer. So a batch is settled as
 * delivered once its answer has been handed to the operating system whole, and handed back untried when the connection
 * broke before. What is claimed and not yet handed over is safe: if this process dies, its lease lapses. What is handed
 * over is the reader's; if that dies before its handlers are done, the events are lost to it, as with the stock bus.
 */
export class BusV1Reader {
  readonly #pool: SubscriptionPool;
  readonly #notifier: Notifier;
  readonly #options: ReadingOptions & BusV1Options;
  readonly #observer: BusV1Observer;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #logger: LoggerService;
  readonly #held: HeldRequests;
  /** Answers being made, each with its connection. */
  readonly #open = new Map<Promise<void>, Response>();
  #stopping = false;

  constructor(options: {
    pool: SubscriptionPool;
    notifier: Notifier;
    options: ReadingOptions & BusV1Options;
    observer: BusV1Observer;
    /** Whether a failure of the store may pass. */
    isUnavailable: (error: unknown) => boolean;
    logger: LoggerService;
  }) {
    this.#pool = options.pool;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#observer = options.observer;
    this.#isUnavailable = options.isUnavailable;
    this.#logger = options.logger;
    this.#held = new HeldRequests({
      maxHeld: options.options.maxHeldRequests,
      lookIntervalMs: options.options.pollIntervalMs,
    });
  }

  /**
   * Answers with the next events, or holds the request until some may be there.
   *
   * @returns when the answer has ended, one way or the other, and what was claimed for it is settled
   * @throws NotFoundError when there is no such subscription: the reader is to make it
   * @throws ServiceUnavailableError when too many requests are held already, or the process stops
   */
  answer(subscriptionId: string, response: Response): Promise<void> {
    if (this.#stopping) {
      throw new ServiceUnavailableError('The events system is shutting down');
    }
    const answer = this.#answer(subscriptionId, response).finally(() =>
      this.#open.delete(answer),
    );
    this.#open.set(answer, response);
    return answer;
  }

  /**
   * Ends held requests, and answers that are being written.
   *
   * @param graceMs - how long writing may still take, in milliseconds; then connections are cut, and what was claimed for
   * them is handed back
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#held.stop();
    const cut = setTimeout(
      () => [...this.#open.values()].forEach(response => response.destroy()),
      graceMs,
    );
    await Promise.allSettled(this.#open.keys());
    clearTimeout(cut);
  }

  async #answer(subscriptionId: string, response: Response): Promise<void> {
    let wanted: ReadonlySet<string> | undefined;
    let heardEarly = false;
    let release = () => {};
    const woken = new Promise<void>(resolve => {
      release = resolve;
    });
    // Before the claim, so that what comes right behind it is noticed.
    const unlisten = this.#notifier.listen({
      wants: topics => !wanted || [...topics].some(topic => wanted?.has(topic)),
      wake: () => {
        if (wanted) {
          release();
        } else {
          heardEarly = true;
        }
      },
    });
    try {
      let claim = await this.#claim(subscriptionId);
      wanted = claim.batch ? undefined : claim.topics;
      if (!claim.batch && heardEarly) {
        // It may have been for this subscription, and may have come behind the claim.
        claim = await this.#claim(subscriptionId);
      }
      if (claim.batch) {
        await this.#handOver(claim.batch, response);
      } else {
        await this.#hold(subscriptionId, response, woken, claim.dueInMs);
      }
    } catch (error) {
      throw error instanceof SubscriptionMissingError
        ? notFound(subscriptionId)
        : error;
    } finally {
      unlisten();
    }
  }

  #claim(subscriptionId: string): Promise<Claim> {
    const { maxBatchEvents, maxBatchBytes, leaseMs, keyPatienceMs } =
      this.#options;
    return this.#pool.claim(subscriptionId, {
      maxEvents: maxBatchEvents,
      maxBytes: maxBatchBytes,
      leaseMs,
      patienceMs: keyPatienceMs,
    });
  }

  async #hold(
    subscriptionId: string,
    response: Response,
    woken: Promise<void>,
    dueInMs: number | undefined,
  ): Promise<void> {
    const { notifyTimeoutMs, keyPatienceMs, pollIntervalMs } = this.#options;
    if (this.#held.full) {
      throw new ServiceUnavailableError(
        'Too many requests for events are held open in this process already; ask again later',
      );
    }
    response.status(202);
    response.set(EVENTS_NOTIFY_TIMEOUT_HEADER, String(notifyTimeoutMs));
    // The reader sets its own timer by the header.
    response.flushHeaders();
    await this.#held.hold(response, {
      woken,
      look: () => this.#mayHaveNext(subscriptionId),
      // Something that is due but could not be claimed has its key in another reader's hands.
      firstLookMs:
        dueInMs === undefined
          ? pollIntervalMs
          : Math.max(dueInMs, keyPatienceMs),
      timeLimitMs: notifyTimeoutMs,
    });
    response.end();
  }

  async #mayHaveNext(subscriptionId: string): Promise<boolean> {
    try {
      return await this.#pool.mayHaveNext(subscriptionId);
    } catch (error) {
      if (error instanceof SubscriptionMissingError) {
        // Something to tell: that the reader has to make it again.
        return true;
      }
      throw error;
    }
  }

  async #handOver(batch: Batch, response: Response): Promise<void> {
    const start = performance.now();
    const events = batch.events.map(
      ({ event: { topic, payload } }) =>
        `{"topic":${JSON.stringify(topic)},"payload":${payload}}`,
    );
    const written =
      !this.#stopping &&
      (await writeWhole(
        response,
        `{"events":[${events.join(',')}]}`,
        this.#options.leaseMs / 2,
      ));
    await this.#settle(
      batch,
      written
        ? { kind: 'delivered', durationMs: performance.now() - start }
        : { kind: 'untried' },
    );
    if (!written) {
      const topics = new Set(batch.events.map(({ event }) => event.topic));
      this.#notifier.notify(topics);
      if (!response.destroyed) {
        throw new ServiceUnavailableError('The events system is shutting down');
      }
    }
  }

  /** Settles, again and again while the store is away, until the lease has lapsed for sure. */
  async #settle(batch: Batch, outcome: Outcome): Promise<void> {
    const { ticket, subscriptionId, events } = batch;
    const end = performance.now() + this.#options.leaseMs;
    for (;;) {
      try {
        const settled = await this.#pool.settle(
          ticket,
          subscriptionId,
          events.map(claimed => ({ ...claimed, outcome })),
        );
        if (!settled) {
          this.#observer.onLapsed(subscriptionId);
          this.#logger.warn(
            `A batch of ${events.length} events for ${subscriptionId} was not settled within its lease; its events will be delivered again`,
          );
        }
        return;
      } catch (error) {
        this.#logger.warn(
          `Settling events that ${subscriptionId} was given failed`,
          error instanceof Error ? error : new Error(String(error)),
        );
        const isOver = this.#stopping || performance.now() > end;
        if (isOver || !this.#isUnavailable(error)) {
          return;
        }
        await delay(this.#options.errorDelayMs);
      }
    }
  }
}

function notFound(subscriptionId: string): NotFoundError {
  return new NotFoundError(
    `There is no subscription '${subscriptionId}'; it was never made, or it expired`,
  );
}
