import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  SubscriptionMissingError,
  WakeUp,
  type ClaimedBatch,
  type HandledEvent,
  type SubscriptionAccess,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Endpoint, EndpointAttempt, EndpointPool } from '../../endpoints';
import { toSubscriptionId } from '../../endpoints';
import type { Batch } from '../../model/batch';
import { presentEvent } from '../../model/presentEvent';
import {
  WishChangedError,
  type Claim,
  type SeenEvents,
  type SubscriptionPool,
} from '../../subscriptions';
import { CatalogAwayError } from '../entities';
import { Allowances, type Allowance } from './Allowances';
import type { ClaimBudget } from './ClaimBudget';
import type { HealthKeeper } from './HealthKeeper';
import type { Outlook } from './Outlook';
import { Pace } from './Pace';
import type { Route } from './Route';
import type { EndpointEvent } from './sendBatch';

/** How the events of endpoints are read. */
export interface EndpointReadingOptions {
  /** Bytes of payload that one claim takes at the most. */
  maxBatchBytes: number;
  /** How long a key may be in another reader's hands before events behind it are set aside, in milliseconds. */
  keyPatienceMs: number;
  /** How long a claim is good unless it is renewed, in milliseconds. */
  leaseMs: number;
}

/** A batch of an endpoint, and what goes with it. */
interface OpenBatch {
  batch: Batch;
  events: EndpointEvent[];
  /** Of the breaker's permission. */
  round: number;
  /** What was sent of it. */
  attempts: EndpointAttempt[];
}

/** How long to wait for the news that an endpoint was changed, in milliseconds. */
const changePatienceMs = 1_000;

/** Pages of what waits behind something of its key that one probe looks through. */
const turnsPerProbe = 100;

/** How long to wait while other endpoints hold what there may be held, in milliseconds. */
const budgetPatienceMs = 50;

/**
 * The subscription of one endpoint, as the loop that reads it has it: claims wait for an event that the router found, for
 * something that is due, for the breaker and for the rate limit; and settling keeps what was tried.
 */
export class EndpointReader implements SubscriptionAccess {
  readonly #endpoint: Endpoint;
  readonly #subscriptionId: string;
  readonly #subscriptions: SubscriptionPool;
  readonly #endpoints: EndpointPool;
  readonly #health: HealthKeeper;
  readonly #outlook: Outlook;
  readonly #options: EndpointReadingOptions;
  readonly #route: Route;
  readonly #budget: ClaimBudget;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #now: () => number;
  readonly #onChanged: () => void;
  readonly #logger: LoggerService;
  readonly #batches = new WeakMap<ClaimedBatch, OpenBatch>();
  /** Tickets of batches that are not settled yet. */
  readonly #open = new Set<string>();
  readonly #wakeUp = new WakeUp();
  readonly #pace: Pace;
  readonly #allowances: Allowances;
  /** When something is due, by `performance.now()`; 0 while nobody knows. */
  #dueAtMs = 0;
  /** Something became due since the claim that is under way began. */
  #becameDue = false;

  constructor(options: {
    endpoint: Endpoint;
    subscriptions: SubscriptionPool;
    endpoints: EndpointPool;
    health: HealthKeeper;
    outlook: Outlook;
    options: EndpointReadingOptions;
    route: Route;
    budget: ClaimBudget;
    /** Whether a failure of the store may pass. */
    isUnavailable: (error: unknown) => boolean;
    /** Milliseconds since the epoch. */
    now: () => number;
    /** The endpoint is not any more what it was. */
    onChanged: () => void;
    logger: LoggerService;
  }) {
    this.#endpoint = options.endpoint;
    this.#subscriptionId = toSubscriptionId(options.endpoint.id);
    this.#subscriptions = options.subscriptions;
    this.#endpoints = options.endpoints;
    this.#health = options.health;
    this.#outlook = options.outlook;
    this.#options = options.options;
    this.#route = options.route;
    this.#budget = options.budget;
    this.#isUnavailable = options.isUnavailable;
    this.#now = options.now;
    this.#onChanged = options.onChanged;
    this.#logger = options.logger;
    this.#pace = new Pace(options.endpoint.settings.concurrency);
    this.#allowances = new Allowances(options);
  }

  /** There may be something to do. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Something is due in so many milliseconds, or sooner. */
  onDue(dueInMs: number): void {
    const dueAtMs = performance.now() + dueInMs;
    this.#becameDue ||= dueInMs <= 0;
    if (dueAtMs < this.#dueAtMs) {
      this.#dueAtMs = dueAtMs;
      this.#wakeUp.wake();
    }
  }

  /** What was claimed here, as the log has it, and the round of the breaker. */
  describe(claimed: ClaimedBatch): { events: EndpointEvent[]; round: number } {
    return this.#find(claimed);
  }

  /** Notes what was sent of a batch, to be kept when it is settled. */
  noteAttempts(
    claimed: ClaimedBatch,
    attempts: readonly EndpointAttempt[],
  ): void {
    this.#find(claimed).attempts.push(...attempts);
  }

  async register(): Promise<void> {
    throw new Error('Endpoints are registered by whoever keeps them');
  }

  async remove(): Promise<void> {
    throw new Error('Endpoints are removed by whoever keeps them');
  }

  async claim(
    _subscriptionId: string,
    { maxEvents }: { maxEvents: number },
    { limitMs, signal }: { limitMs: number; signal: AbortSignal },
  ): Promise<ClaimedBatch | undefined> {
    const endMs = performance.now() + limitMs;
    const wake = () => this.#wakeUp.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted && performance.now() < endMs) {
        this.#wakeUp.reset();
        const turn = await this.#takeTurn(maxEvents);
        if (typeof turn === 'object') {
          return turn;
        }
        if (turn === 0) {
          // SQLite answers within the turn of the event loop, which others want as well.
          await nextTurn();
        } else if (!signal.aborted) {
          await this.#wakeUp.sleep(Math.min(turn, endMs - performance.now()));
        }
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async settle(
    claimed: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean> {
    const { batch } = this.#find(claimed);
    let settled: boolean;
    try {
      settled = await this.#keepAndSettle(claimed, handled);
    } finally {
      // Nobody may come again to settle it: its lease lapses while the store is away.
      this.#budget.release(claimed.ticket);
      this.#open.delete(claimed.ticket);
      // A claim that waits for the breaker may wait for this batch: it was the probe.
      this.#wakeUp.wake();
    }
    const wentWell =
      handled.length === batch.events.length &&
      handled.every(({ outcome }) => outcome.kind === 'delivered');
    this.#pace.onSettled({
      events: handled.length,
      tookMs: performance.now() - claimed.leasedFromMs,
      wentWell,
    });
    // What was set aside behind this batch, or failed in it, may be due now.
    if (!wentWell || this.#open.size > 0 || batch.events.some(e => e.owed)) {
      this.onDue(0);
    }
    return settled;
  }

  async renew({ ticket }: ClaimedBatch): Promise<boolean> {
    const good = await this.#subscriptions.renew(
      [ticket],
      this.#options.leaseMs,
    );
    return good.has(ticket);
  }

  isUnavailable(error: unknown): boolean {
    return this.#isUnavailable(error);
  }

  async #keepAndSettle(
    claimed: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean> {
    const { batch, attempts } = this.#find(claimed);
    // First, so that whatever was sent is known, even if this process dies before it is settled and it is sent again.
    await this.#keep(() => this.#health.keep());
    await this.#keep(() => this.#endpoints.recordAttempts(attempts));
    const outcomes = new Map(
      handled.map(({ event, outcome }) => [event.position, outcome]),
    );
    return this.#subscriptions.settle(
      batch.ticket,
      batch.subscriptionId,
      batch.events.map(({ event, orderedBy, attempt, owed }) => ({
        event: { ...event, key: orderedBy },
        attempt,
        owed,
        outcome: outcomes.get(event.position) ?? { kind: 'untried' },
      })),
    );
  }

  /** Claims, if there may be something and it may be sent; or says how long to sleep, in milliseconds, unless woken. */
  async #takeTurn(maxEvents: number): Promise<ClaimedBatch | number> {
    const dueInMs = this.#dueAtMs - performance.now();
    const hasSomething = this.#outlook.mayHaveMore || dueInMs <= 0;
    if (!hasSomething && !this.#mayProbe()) {
      return dueInMs;
    }
    if (!this.#budget.hasRoom) {
      return budgetPatienceMs;
    }
    this.#becameDue = false;
    const allowance = await this.#allowances.ask(
      Math.min(maxEvents, this.#pace.size),
    );
    if (typeof allowance === 'number') {
      return hasSomething ? allowance : Math.min(allowance, dueInMs);
    }
    const found = await this.#claimOne(allowance).catch(error => {
      if (
        error instanceof WishChangedError ||
        error instanceof SubscriptionMissingError
      ) {
        // If it is made anew, it may begin anywhere.
        this.#outlook.fallBehind();
        return 'changed' as const;
      }
      throw error;
    });
    if (found === 'changed') {
      // Whoever keeps the endpoint reads it anew, and ends this reader.
      this.#onChanged();
      return changePatienceMs;
    }
    const { batch, dueInMs: nextInMs, more } = found;
    if (batch) {
      return batch;
    }
    if (more) {
      return 0;
    }
    if (nextInMs !== undefined && nextInMs <= 0) {
      // Something is there, and its key in the hands of another.
      return this.#options.keyPatienceMs;
    }
    if (!this.#becameDue) {
      this.#dueAtMs =
        nextInMs === undefined ? Infinity : performance.now() + nextInMs;
    }
    return 0;
  }

  /** Whether what is owed, though later, can show whether the receiver works again. */
  #mayProbe(): boolean {
    const isOwed = Number.isFinite(this.#dueAtMs);
    return isOwed && this.#health.ask().kind !== 'send';
  }

  async #claimOne(allowance: Allowance): Promise<{
    batch?: ClaimedBatch;
    dueInMs?: number;
    more?: boolean;
  }> {
    const { maxEvents, round, isProbe } = allowance;
    const startMs = performance.now();
    let used = 0;
    try {
      let found = await this.#claimWanted(maxEvents);
      this.#outlook.onClaimed(found.upTo);
      for (
        let turn = 1;
        isProbe && !found.batch && found.more && turn < turnsPerProbe;
        turn += 1
      ) {
        // What cannot be sent, because it waits behind something of its key, is no reason to give the probe back.
        await nextTurn();
        found = await this.#claimWanted(maxEvents);
        this.#outlook.onClaimed(found.upTo);
      }
      if (isProbe && !found.batch && found.dueInMs !== undefined) {
        found = await this.#claimEarly();
      }
      if (!found.batch) {
        return { dueInMs: found.dueInMs, more: found.more };
      }
      used = found.batch.events.length;
      return { batch: this.#present(found.batch, round, startMs) };
    } finally {
      await allowance.refund(maxEvents - used);
      if (isProbe && used === 0) {
        // The probe was not sent, and the next one need not wait for it.
        this.#health.note(
          { kind: 'cancelled', reason: 'There was nothing to send' },
          round,
        );
        // If that fails it is kept with the next result, and the others wait as long as a probe may take.
        await this.#health.keep().catch(() => {});
      }
    }
  }

  async #claimWanted(maxEvents: number): Promise<Claim> {
    const { maxBatchBytes, leaseMs, keyPatienceMs } = this.#options;
    const seen = this.#outlook.see(this.#route.position, {
      events: maxEvents,
      bytes: maxBatchBytes,
    });
    const claim = (known: SeenEvents | undefined) =>
      this.#subscriptions.claim(this.#subscriptionId, {
        maxEvents,
        maxBytes: maxBatchBytes,
        leaseMs,
        patienceMs: keyPatienceMs,
        choose: events => this.#route.choose(events),
        ordered: this.#endpoint.settings.ordered,
        wish: this.#endpoint.revision,
        seen: known,
      });
    try {
      return await claim(seen);
    } catch (error) {
      if (!(error instanceof CatalogAwayError)) {
        throw error;
      }
      // What is owed was chosen once, and need not wait for the catalog.
      const owed = await claim({ positions: [], upTo: 0 });
      if (owed.batch) {
        return owed;
      }
      throw error;
    }
  }

  #claimEarly(): Promise<Claim> {
    const { maxBatchBytes, leaseMs, keyPatienceMs } = this.#options;
    return this.#subscriptions.claim(this.#subscriptionId, {
      maxEvents: 1,
      maxBytes: maxBatchBytes,
      leaseMs,
      patienceMs: keyPatienceMs,
      wish: this.#endpoint.revision,
      early: true,
    });
  }

  #present(batch: Batch, round: number, leasedFromMs: number): ClaimedBatch {
    const events = batch.events.map(
      ({ event, attempt, orderedBy, dueAtMs = 0 }): EndpointEvent => ({
        position: event.position,
        id: event.id,
        topic: event.topic,
        key: orderedBy,
        timeMs: event.timeMs,
        attempt,
        event,
        earlyMs: Math.max(0, dueAtMs - this.#now()),
        present: () => presentEvent(event, attempt),
      }),
    );
    const claimed: ClaimedBatch = {
      ticket: batch.ticket,
      subscriptionId: batch.subscriptionId,
      leaseMs: this.#options.leaseMs,
      leasedFromMs,
      events,
    };
    this.#batches.set(claimed, { batch, events, round, attempts: [] });
    this.#open.add(batch.ticket);
    this.#budget.hold(
      batch.ticket,
      events.reduce((sum, { event }) => sum + event.size, 0),
    );
    return claimed;
  }

  /** Keeps what is good to know; if that can never be kept, the batch must be settled all the same. */
  async #keep(keep: () => Promise<void>): Promise<void> {
    try {
      await keep();
    } catch (error) {
      if (this.#isUnavailable(error)) {
        throw error;
      }
      this.#logger.error(
        `What became of requests to endpoint ${
          this.#endpoint.id
        } could not be kept`,
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  }

  #find(claimed: ClaimedBatch): OpenBatch {
    const open = this.#batches.get(claimed);
    if (!open) {
      throw new Error(`Batch ${claimed.ticket} was not claimed here`);
    }
    return open;
  }
}
