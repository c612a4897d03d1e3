import { setMaxListeners } from 'node:events';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  HandlerLoop,
  Slots,
  type ClaimedBatch,
  type HandledEvent,
  type LoopOptions,
} from '@callboard/backstage-plugin-events-node/bus';
import type { DeliveryPool } from '../../deliveries';
import {
  toSubscriptionId,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import type { SubscriptionPool } from '../../subscriptions';
import {
  decideDisabling,
  type FailureSpell,
  defaultRetrySchedule,
  type DisablingPolicy,
} from '../sending';
import type { ClaimBudget } from './ClaimBudget';
import { EndpointReader, type EndpointReadingOptions } from './EndpointReader';
import type { EndpointSender } from './EndpointSender';
import type { HealthKeeper } from './HealthKeeper';
import type { HealthState } from './endpointHealth';
import { Outlook, type Match } from './Outlook';
import type { Route, RoutedEndpoint } from './Route';
import { sendBatch } from './sendBatch';
import type { WebhookObserver } from './WebhookObserver';

/** Limits of sending that hold for every endpoint. */
export interface RunnerOptions extends EndpointReadingOptions {
  loop: LoopOptions;
  disabling: DisablingPolicy;
  /** How long requests that are under way may still take when the endpoint stops, in milliseconds. */
  graceMs: number;
}

/** What one endpoint needs of its surroundings. */
export interface RunnerContext {
  subscriptions: SubscriptionPool;
  endpoints: EndpointPool;
  deliveries: Pick<DeliveryPool, 'hasten'>;
  options: RunnerOptions;
  /** Has the endpoint told of the events that it wants, from here on. */
  addRoute(endpoint: RoutedEndpoint): Route;
  budget: ClaimBudget;
  isUnavailable(error: unknown): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  observer: WebhookObserver;
  logger: LoggerService;
  /** The endpoint is not any more what it was. */
  onChanged(): void;
}

/** A receiver that fails now and then is not away, and its events keep to their schedule; in milliseconds. */
const leastAwayMs = 60_000;
/** By which the clocks of this process and of the store may differ, in milliseconds. */
const clockMarginMs = 60_000;

/** Batches that may be open at once, however few requests are sent side by side: one may be settling. */
const leastOpenBatches = 4;

/** One active endpoint in this process: claims its events, sends them and settles. */
export class EndpointRunner implements RoutedEndpoint {
  readonly endpoint: Endpoint;
  readonly health: HealthKeeper;
  readonly #sender: EndpointSender;
  readonly #context: RunnerContext;
  readonly #outlook = new Outlook();
  readonly #route: Route;
  readonly #slots: Slots;
  readonly #reader: EndpointReader;
  readonly #loop: HandlerLoop;
  readonly #givenUp = new AbortController();

  constructor(
    endpoint: Endpoint,
    sender: EndpointSender,
    health: HealthKeeper,
    context: RunnerContext,
  ) {
    this.endpoint = endpoint;
    this.health = health;
    this.#sender = sender;
    this.#context = context;
    this.#slots = new Slots(endpoint.settings.concurrency);
    // Without listeners that add up: each request listens.
    setMaxListeners(0, this.#givenUp.signal);
    this.#route = context.addRoute(this);
    this.#reader = new EndpointReader({
      ...context,
      endpoint,
      health,
      outlook: this.#outlook,
      route: this.#route,
    });
    this.#loop = new HandlerLoop({
      subscriptionId: toSubscriptionId(endpoint.id),
      access: this.#reader,
      options: context.options.loop,
      logger: context.logger,
      register: async () => context.onChanged(),
      handle: (batch, mayBegin) => this.#handle(batch, mayBegin),
      hasRoom: openBatches =>
        this.#slots.hasRoom &&
        openBatches < Math.max(leastOpenBatches, this.#slots.limit),
      onLapsed: () => {},
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Begins no more requests, lets those under way end, and settles. */
  async stop(): Promise<void> {
    this.#route.remove();
    const { graceMs } = this.#context.options;
    const giveUp = setTimeout(() => this.#givenUp.abort(), graceMs);
    // Somewhat longer, so that what was given up can still be settled.
    await this.#loop.stop(graceMs + 2_000);
    clearTimeout(giveUp);
    await this.#sender.close();
  }

  /** The router found an event for it. */
  onMatch(match: Match): void {
    this.#outlook.onMatch(match);
    this.#reader.wake();
  }

  /** The router could not say what it wants. */
  onDoubt(): void {
    this.#outlook.fallBehind();
    this.#reader.wake();
  }

  /** Something is due in so many milliseconds. */
  onDue(dueInMs: number): void {
    this.#reader.onDue(dueInMs);
  }

  /** How long to wait for the breaker is to be asked anew. */
  onClockSet(): void {
    this.#reader.wake();
  }

  /** Takes over what another process has kept of its health. */
  refreshHealth(kept: { version: number; health: unknown } | undefined): void {
    if (this.health.refresh(kept)) {
      this.#reader.wake();
    }
  }

  /** Whether it has claimed all that the router found for it, so that its cursor may be where the router is. */
  get isIdle(): boolean {
    return this.#outlook.follows && !this.#outlook.mayHaveMore;
  }

  async #handle(
    claimed: ClaimedBatch,
    mayBegin: () => boolean,
  ): Promise<HandledEvent[]> {
    const { endpoint, health } = this;
    const { events, round } = this.#reader.describe(claimed);
    const { observer } = this.#context;
    let disabling: Promise<void> | undefined;
    const disable = (reason: string) => {
      disabling ??= this.#disable(reason);
    };
    const { handled, attempts } = await sendBatch(events, {
      endpoint,
      sender: this.#sender,
      slots: this.#slots,
      schedule: {
        ...defaultRetrySchedule,
        stepsMs: endpoint.settings.retryScheduleMs,
      },
      mayBegin: () => mayBegin() && !this.#givenUp.signal.aborted,
      check: () => health.check(round),
      note: verdict => {
        const before = health.state;
        health.note(verdict, round);
        if (verdict.kind === 'gone') {
          disable(verdict.reason);
        }
        if (hasRecovered(before, health.state)) {
          this.#onRecovered(this.#context.now() - before.spell.firstMs);
        }
      },
      observer,
      signal: this.#givenUp.signal,
      random: Math.random,
    });
    this.#reader.noteAttempts(claimed, attempts);
    if (attempts.length === 0) {
      // If it was to be a probe, the next one need not wait for it.
      health.note({ kind: 'cancelled', reason: 'Nothing was sent' }, round);
    }
    const spent = decideDisabling(
      health.state.spell,
      this.#context.options.disabling,
    );
    if (spent) {
      disable(spent.reason);
    }
    // Before the batch is settled, and its events are due.
    await disabling;
    return handled;
  }

  /**
   * A receiver that was away is back: what failed meanwhile need not wait for its schedule, and nor need what waits behind
   * it with the same key.
   *
   * @param awayMs - how long nothing but failures was seen, in milliseconds
   */
  #onRecovered(awayMs: number): void {
    if (awayMs < leastAwayMs) {
      return;
    }
    const { deliveries, logger } = this.#context;
    deliveries
      .hasten(
        toSubscriptionId(this.endpoint.id),
        Math.round(awayMs) + clockMarginMs,
      )
      .then(() => this.#reader.onDue(0))
      .catch(error =>
        logger.warn(
          `What endpoint ${this.endpoint.id} is owed waits for its schedule, though its receiver is back`,
          error,
        ),
      );
  }

  async #disable(reason: string): Promise<void> {
    const { endpoints, logger, onChanged } = this.#context;
    try {
      const disabled = await endpoints.setState(
        this.endpoint.id,
        { state: 'disabled', reason, by: 'system', announce: true },
        this.endpoint.revision,
      );
      if (disabled) {
        logger.warn(
          `Endpoint ${this.endpoint.id} is disabled: ${reason}. Its cursor waits; resume it when its receiver works again`,
        );
      }
    } catch (error) {
      logger.warn(
        `Endpoint ${this.endpoint.id} could not be disabled; it is tried again after its next failure`,
        error instanceof Error ? error : new Error(String(error)),
      );
    }
    onChanged();
  }
}

/** Whether a result says that a receiver is back that was away. An event that it refused for its own sake does not count. */
function hasRecovered(
  before: HealthState,
  after: HealthState,
): before is HealthState & { spell: FailureSpell } {
  const { breaker, spell } = before;
  const wasAway = breaker.state !== 'closed' || breaker.failures > 0;
  return spell !== undefined && after.spell === undefined && wasAway;
}
