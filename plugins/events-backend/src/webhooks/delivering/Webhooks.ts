import type { LoggerService } from '@backstage/backend-plugin-api';
import { ConflictError } from '@backstage/errors';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { FailureLog, Slots } from '@callboard/backstage-plugin-events-node/bus';
import {
  toSubscriptionId,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import type { DeliveryPool } from '../../deliveries';
import type { SubscriptionPool } from '../../subscriptions';
import type { BreakerPolicy } from '../sending';
import { ClaimBudget } from './ClaimBudget';
import { listenForChanges } from './endpointChanges';
import { EndpointRunner, type RunnerOptions } from './EndpointRunner';
import type { EndpointSender } from './EndpointSender';
import type { EventRouter } from './EventRouter';
import { HealthKeeper } from './HealthKeeper';
import type { StoreClock } from './StoreClock';
import type { StandingSubscriptions } from './StandingSubscriptions';
import type { WebhookObserver } from './WebhookObserver';

/** How endpoints are kept going. */
export interface WebhookOptions extends RunnerOptions {
  breaker: BreakerPolicy;
  /** How often to look for endpoints that were changed, in milliseconds. Whoever changes one wakes as well. */
  refreshMs: number;
  /** How often to look for what is due, in milliseconds. */
  dueMs: number;
  /** How often the cursors of endpoints that want nothing are moved on, in milliseconds. */
  moveMs: number;
}

/** Payload that the batches of all endpoints of a process may hold together. */
const maxHeldBytes = 128 * 1024 * 1024;
/** How often to look for subscriptions whose endpoint is gone, in milliseconds. */
const orphansMs = 3_600_000;

/** Endpoints that are opened at once: each looks into the store. */
const maxOpenings = 8;

/**
 * Sends events to all endpoints that are active, in this process beside all others.
 *
 * @remarks
 * ```
 *   changes of endpoints ──▶ refresh ──▶ runners, one for each active endpoint
 *                                           ▲ matches            ▲ due, health
 *   log ──▶ router ─────────────────────────┘     store ────────┘
 * ```
 *
 * Replicas need no leader: each has a runner for each endpoint, and claims share the events among them.
 */
export class Webhooks {
  readonly #endpoints: EndpointPool;
  readonly #subscriptions: SubscriptionPool;
  readonly #deliveries: DeliveryPool;
  readonly #router: EventRouter;
  readonly #notifier: Notifier;
  readonly #options: WebhookOptions;
  readonly #standing: StandingSubscriptions;
  readonly #openSender: (endpoint: Endpoint) => Promise<EndpointSender>;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #clock: StoreClock;
  readonly #observer: WebhookObserver;
  readonly #logger: LoggerService;
  readonly #failures: FailureLog;
  /** By id: revision, and the runner of one that is active. */
  readonly #known = new Map<
    string,
    { revision: string; runner: EndpointRunner | undefined }
  >();
  readonly #budget = new ClaimBudget(maxHeldBytes);
  readonly #stoppingRunners = new Set<Promise<void>>();
  /** What is under way. */
  readonly #attempts = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  #unlisten = () => {};
  #refreshing: Promise<void> | undefined;
  #refreshAgain = false;
  #stopped = false;

  constructor(options: {
    endpoints: EndpointPool;
    subscriptions: SubscriptionPool;
    deliveries: DeliveryPool;
    router: EventRouter;
    notifier: Notifier;
    options: WebhookOptions;
    standing: StandingSubscriptions;
    openSender: (endpoint: Endpoint) => Promise<EndpointSender>;
    isUnavailable: (error: unknown) => boolean;
    clock: StoreClock;
    observer: WebhookObserver;
    logger: LoggerService;
  }) {
    this.#endpoints = options.endpoints;
    this.#subscriptions = options.subscriptions;
    this.#deliveries = options.deliveries;
    this.#router = options.router;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#standing = options.standing;
    this.#openSender = options.openSender;
    this.#isUnavailable = options.isUnavailable;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#logger = options.logger;
    this.#failures = new FailureLog({
      logger: options.logger,
      failed: 'Looking after the endpoints failed, trying again',
      worked: 'Looking after the endpoints goes on',
    });
  }

  /** Starts to send. Resolves when the endpoints that there are have been read. */
  async start(): Promise<void> {
    if (this.#stopped) {
      return;
    }
    const { refreshMs, dueMs, moveMs } = this.#options;
    await this.#router.start();
    this.#unlisten = listenForChanges(this.#notifier, () =>
      this.#refreshSoon(),
    );
    this.#every(refreshMs, () => this.refresh());
    this.#every(dueMs, () => this.lookForDue());
    this.#every(moveMs, () => this.moveCursors());
    this.#every(orphansMs, () => this.#standing.removeOrphans());
    await this.#attempt(async () => {
      await this.#clock.read();
    });
    await this.#attempt(() => this.#standing.removeOrphans());
    await this.#attempt(() => this.refresh());
  }

  /** Begins no more requests, and lets those under way end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    this.#timers.forEach(clearInterval);
    await Promise.all(this.#attempts);
    await this.#router.stop();
    for (const [id, { runner }] of this.#known) {
      this.#known.delete(id);
      this.#end(runner);
    }
    await Promise.all(this.#stoppingRunners);
  }

  /** Brings the runners of this process up to what the endpoints are now; of two calls at once the second does it again. */
  async refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      await this.#refreshing;
      return;
    }
    this.#refreshing = this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
    if (this.#refreshAgain && !this.#stopped) {
      this.#refreshAgain = false;
      await this.refresh();
    }
  }

  /** Tells each runner when something of it is due, and what other processes have kept of its health. */
  async lookForDue(): Promise<void> {
    const running = [...this.#known].flatMap(([id, { runner }]) =>
      runner ? [{ id, runner }] : [],
    );
    if (running.length === 0) {
      return;
    }
    if (await this.#clock.read()) {
      running.forEach(({ runner }) => runner.onClockSet());
    }
    const due = await this.#deliveries.listNextDue();
    const health = await this.#endpoints.readAllHealth();
    for (const { id, runner } of running) {
      runner.refreshHealth(health.get(id));
      const dueInMs = due.get(toSubscriptionId(id));
      if (dueInMs !== undefined) {
        runner.onDue(dueInMs);
      }
    }
  }

  /** Moves the cursors of endpoints that want nothing of what there is to where the router is. */
  async moveCursors(): Promise<void> {
    const { position } = this.#router;
    const idle = [...this.#known.values()].flatMap(({ runner }) =>
      runner?.isIdle
        ? [
            {
              id: toSubscriptionId(runner.endpoint.id),
              wish: runner.endpoint.revision,
            },
          ]
        : [],
    );
    await this.#subscriptions.moveCursors(idle, position);
  }

  /** Something may be due. */
  lookSoon(): void {
    this.#attempt(() => this.lookForDue());
  }

  async #refreshOnce(): Promise<void> {
    const revisions = await this.#endpoints.listRevisions();
    for (const [id, { runner }] of this.#known) {
      if (!revisions.has(id)) {
        this.#known.delete(id);
        this.#end(runner);
      }
    }
    const openings = new Slots(maxOpenings);
    // All of them, whatever becomes of one: what goes on in the background would be begun again beside it.
    const taken = await Promise.allSettled(
      [...revisions]
        .filter(([id, revision]) => this.#known.get(id)?.revision !== revision)
        .map(([id, revision]) => openings.use(() => this.#take(id, revision))),
    );
    const failed = taken.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      throw failed.reason;
    }
  }

  /** Takes an endpoint as it is now. One that cannot be opened is told of, and is looked at again when it is changed. */
  async #take(id: string, revision: string): Promise<void> {
    const endpoint = await this.#read(id, revision);
    if (!endpoint || this.#stopped) {
      return;
    }
    const before = this.#known.get(id)?.runner;
    await this.#standing.register(endpoint);
    if (before?.endpoint.revision === endpoint.revision) {
      // What was doubted was its subscription, which is as it should be now.
      this.#known.set(id, { revision: endpoint.revision, runner: before });
      return;
    }
    const runner =
      endpoint.state === 'active' ? await this.#open(endpoint) : undefined;
    this.#known.set(id, { revision: endpoint.revision, runner });
    this.#end(before);
    runner?.start();
  }

  /** Reads an endpoint; one that another version has written in a way that is not known is left as it is. */
  async #read(id: string, revision: string): Promise<Endpoint | undefined> {
    try {
      return await this.#endpoints.read(id);
    } catch (error) {
      if (this.#isUnavailable(error)) {
        throw error;
      }
      this.#logger.error(
        `What is stored of endpoint ${id} cannot be read, so it is sent nothing new`,
        error instanceof Error ? error : new Error(String(error)),
      );
      this.#end(this.#known.get(id)?.runner);
      this.#known.set(id, { revision, runner: undefined });
      return undefined;
    }
  }

  async #open(endpoint: Endpoint): Promise<EndpointRunner | undefined> {
    const { id } = endpoint;
    try {
      const sender = await this.#openSender(endpoint);
      const health = new HealthKeeper({
        endpoint,
        pool: this.#endpoints,
        policy: this.#options.breaker,
        now: () => this.#clock.now(),
      });
      health.refresh(await this.#endpoints.readHealth(id));
      const runner = new EndpointRunner(endpoint, sender, health, {
        subscriptions: this.#subscriptions,
        endpoints: this.#endpoints,
        deliveries: this.#deliveries,
        options: this.#options,
        addRoute: routed => this.#router.add(endpoint.settings, routed),
        budget: this.#budget,
        isUnavailable: this.#isUnavailable,
        now: () => this.#clock.now(),
        observer: this.#observer,
        logger: this.#logger,
        onChanged: () => {
          this.#doubt(id);
          this.#refreshSoon();
        },
      });
      return runner;
    } catch (error) {
      if (this.#isUnavailable(error)) {
        throw error;
      }
      if (error instanceof ConflictError) {
        // It was changed since it was read.
        this.#refreshAgain = true;
        return undefined;
      }
      this.#logger.error(
        `Endpoint ${id} cannot be sent anything, and its events wait:`,
        error instanceof Error ? error : new Error(String(error)),
      );
      return undefined;
    }
  }

  #end(runner: EndpointRunner | undefined): void {
    if (runner) {
      const stopping = runner
        .stop()
        .catch(error =>
          this.#logger.warn(
            `Endpoint ${runner.endpoint.id} did not stop cleanly`,
            error,
          ),
        )
        .finally(() => this.#stoppingRunners.delete(stopping));
      this.#stoppingRunners.add(stopping);
    }
  }

  /** Has an endpoint taken anew, whether or not its revision is another. */
  #doubt(id: string): void {
    const known = this.#known.get(id);
    if (known) {
      known.revision = '';
    }
  }

  #refreshSoon(): void {
    this.#attempt(() => this.refresh());
  }

  #every(intervalMs: number, run: () => Promise<void>): void {
    let isRunning = false;
    const timer = setInterval(async () => {
      if (!isRunning) {
        isRunning = true;
        await this.#attempt(run);
        isRunning = false;
      }
    }, intervalMs);
    timer.unref();
    this.#timers.push(timer);
  }

  /** Never rejects; a stop waits for it. */
  #attempt(run: () => Promise<void>): Promise<void> {
    const attempt = this.#run(run).finally(() =>
      this.#attempts.delete(attempt),
    );
    this.#attempts.add(attempt);
    return attempt;
  }

  async #run(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      this.#failures.onWorked();
    } catch (error) {
      if (!this.#stopped) {
        this.#failures.onFailed(error);
      }
    }
  }
}
