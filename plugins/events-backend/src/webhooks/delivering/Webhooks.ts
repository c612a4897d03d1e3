import type { LoggerService } from '@backstage/backend-plugin-api';
import { ConflictError } from '@backstage/errors';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type {
  LogEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import { FailureLog, Slots } from '@callboard/backstage-plugin-events-node/bus';
import {
  toEndpointId,
  toSubscriptionId,
  type Endpoint,
  type EndpointAttempt,
  type EndpointPool,
  type OpenSecrets,
} from '../../endpoints';
import type { DeliveryPool } from '../../deliveries';
import { isWildcard } from '../../model/topicPattern';
import {
  everyTopic,
  WishChangedError,
  type SubscriptionPool,
} from '../../subscriptions';
import type { Breaker, BreakerPolicy } from '../sending';
import { toJwk } from '../signing';
import { ClaimBudget } from './ClaimBudget';
import { EndpointRunner, type RunnerOptions } from './EndpointRunner';
import {
  EndpointSender,
  type RequestPreview,
  type SendingOptions,
} from './EndpointSender';
import type { EventRouter, Selection } from './EventRouter';
import { findSettingsProblem } from './findSettingsProblem';
import { readHealthState } from './endpointHealth';
import { HealthKeeper } from './HealthKeeper';
import { makeStandIns, makeTestEvent } from './makeTestEvent';
import { toAttempt } from './sendBatch';
import type { WebhookObserver } from './WebhookObserver';

/** How endpoints are kept going. */
export interface WebhookOptions extends RunnerOptions {
  sending: SendingOptions;
  breaker: BreakerPolicy;
  /** How often to look for endpoints that were changed, in milliseconds. Whoever changes one wakes as well. */
  refreshMs: number;
  /** How often to look for what is due, in milliseconds. */
  dueMs: number;
  /** How often the cursors of endpoints that want nothing are moved on, in milliseconds. */
  moveMs: number;
}

/** What wakes the processes when an endpoint was changed; no topic has a colon and a space. */
const changed: ReadonlySet<string> = new Set(['callboard: endpoints']);

/** Payload that the batches of all endpoints of a process may hold together. */
const maxHeldBytes = 128 * 1024 * 1024;
/** How often to look for subscriptions whose endpoint is gone, in milliseconds. */
const orphansMs = 3_600_000;

/** Endpoints that are opened at once: each looks into the store. */
const maxOpenings = 8;

/**
 * Sends events to all endpoints that are active, in this process beside all others, and keeps each endpoint's
 * subscription as the endpoint says.
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
  readonly #openSecrets: (endpoint: Endpoint) => Promise<OpenSecrets>;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #now: () => number;
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
  /** How far the clock of the store is ahead of the one of this process. */
  #aheadMs = 0;
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
    /** The secrets of an endpoint, wherever they are kept. */
    openSecrets: (endpoint: Endpoint) => Promise<OpenSecrets>;
    isUnavailable: (error: unknown) => boolean;
    /** Milliseconds since the epoch. Default: the clock of this process. */
    now?: () => number;
    observer: WebhookObserver;
    logger: LoggerService;
  }) {
    this.#endpoints = options.endpoints;
    this.#subscriptions = options.subscriptions;
    this.#deliveries = options.deliveries;
    this.#router = options.router;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#openSecrets = options.openSecrets;
    this.#isUnavailable = options.isUnavailable;
    this.#now = options.now ?? Date.now;
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
    this.#unlisten = this.#notifier.listen({
      wants: topics => [...changed].some(topic => topics.has(topic)),
      wake: () => this.#refreshSoon(),
    });
    this.#every(refreshMs, () => this.refresh());
    this.#every(dueMs, () => this.lookForDue());
    this.#every(moveMs, () => this.moveCursors());
    this.#every(orphansMs, () => this.removeOrphans());
    await this.#attempt(() => this.#readClock());
    await this.#attempt(() => this.removeOrphans());
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
    await this.#readClock();
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

  /** Removes subscriptions whose endpoint is gone: a process died between the two. */
  async removeOrphans(): Promise<void> {
    const subscriptions = await this.#subscriptions.list();
    const endpoints = await this.#endpoints.listRevisions();
    for (const { id } of subscriptions) {
      const endpointId = toEndpointId(id);
      if (endpointId !== undefined && !endpoints.has(endpointId)) {
        await this.#subscriptions.remove(id);
      }
    }
  }

  /**
   * Makes the subscription of an endpoint what the endpoint says now.
   *
   * @param endpoint - as it is known; one that was changed since is taken as it is
   */
  async register({ id }: Pick<Endpoint, 'id'>): Promise<void> {
    const subscriptionId = toSubscriptionId(id);
    for (;;) {
      // In this order: whoever changes the endpoint in between replaces this wish, and is not replaced in turn.
      const replaces = (await this.#subscriptions.read(subscriptionId))?.wish;
      const endpoint = await this.#endpoints.read(id);
      if (!endpoint || replaces === endpoint.revision) {
        return;
      }
      try {
        await this.#stand(endpoint, replaces);
        if (!(await this.#endpoints.read(id))) {
          // It was removed meanwhile, and whoever did that may have found no subscription yet.
          await this.unregister(id);
        }
        return;
      } catch (error) {
        if (!(error instanceof WishChangedError)) {
          throw error;
        }
      }
    }
  }

  async #stand(
    { id, settings, startPosition, revision }: Endpoint,
    replaces: string | undefined,
  ): Promise<void> {
    const { topics, retryScheduleMs } = settings;
    await this.#subscriptions.register(
      toSubscriptionId(id),
      topics.some(isWildcard) ? [everyTopic] : topics,
      {
        start:
          startPosition === undefined ? 'end' : { position: startPosition },
        // For events whose reader vanished; others follow the schedule of the endpoint.
        retry: { maxAttempts: retryScheduleMs.length },
        standing: { wish: revision, replaces },
      },
    );
  }

  /** Removes the subscription of an endpoint that is gone, with everything that is owed to it. */
  async unregister(endpointId: string): Promise<void> {
    await this.#subscriptions.remove(toSubscriptionId(endpointId));
  }

  /** An endpoint was changed: every process looks. */
  announceChange(): void {
    this.#notifier.notify(changed);
  }

  /** Says whether an endpoint wants an event, and why not. */
  explain(
    settings: Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>,
    event: LogEvent,
  ): Promise<Selection> {
    return this.#router.explain(settings, event);
  }

  /**
   * Those of some events that an endpoint wants, whatever its state.
   *
   * @throws CatalogAwayError when that depends on the catalog, which cannot be asked
   */
  async choose(
    { settings }: Endpoint,
    events: readonly LogEvent[],
  ): Promise<LogEvent[]> {
    return this.#router.chooseFor(settings, events);
  }

  /** Something may be due. */
  lookSoon(): void {
    this.#attempt(() => this.lookForDue());
  }

  /** What is wrong with settings, as a sentence for people; undefined when nothing is. */
  findProblem(
    settings: EndpointSettings,
    secrets: EndpointSecrets | undefined,
  ): string | undefined {
    return findSettingsProblem(settings, secrets, this.#options.sending.guard);
  }

  /** Sends an event of its own now: nothing is recorded, and nothing follows. */
  async test(endpoint: Endpoint): Promise<EndpointAttempt> {
    const event = makeTestEvent(endpoint.id);
    const sender = await this.#openSender(endpoint);
    try {
      return toAttempt(await sender.send([event]), {
        endpointId: endpoint.id,
        event,
        attempt: 1,
      });
    } finally {
      await sender.close();
    }
  }

  /** Makes what would be sent. What is secret is masked, so it need not be known. */
  async preview(
    endpoint: Endpoint,
    events: readonly LogEvent[],
  ): Promise<RequestPreview> {
    const sender = new EndpointSender(
      { ...endpoint, settings: { ...endpoint.settings, tls: undefined } },
      makeStandIns(endpoint),
      this.#options.sending,
    );
    try {
      return sender.preview(events);
    } finally {
      await sender.close();
    }
  }

  /** Reads the breaker out of what is kept of the health of an endpoint. */
  readBreaker(health: unknown): Breaker {
    return readHealthState(health).breaker;
  }

  /** The public keys of an endpoint as a JSON Web Key Set (RFC 7517, section 5). */
  jwks({ signingKeys }: Endpoint): { keys: object[] } {
    return {
      keys: signingKeys.flatMap(({ publicKey }) =>
        publicKey === undefined ? [] : [toJwk({ publicKey })],
      ),
    };
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
    await this.register(endpoint);
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
        endpointId: id,
        pool: this.#endpoints,
        policy: this.#options.breaker,
        now: () => this.#storeNow(),
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
        now: () => this.#storeNow(),
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
        `Endpoint ${id} cannot be sent anything, and its events wait`,
        error instanceof Error ? error : new Error(String(error)),
      );
      return undefined;
    }
  }

  async #openSender(endpoint: Endpoint): Promise<EndpointSender> {
    return new EndpointSender(
      endpoint,
      await this.#openSecrets(endpoint),
      this.#options.sending,
    );
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

  /**
   * The time by the clock of the store, in milliseconds since the epoch. Breakers and spells of failures are shared through
   * it, and a process whose clock is wrong must neither hold an endpoint back nor have it disabled.
   */
  #storeNow(): number {
    return this.#now() + this.#aheadMs;
  }

  async #readClock(): Promise<void> {
    const before = Date.now();
    const storeMs = await this.#endpoints.readNow();
    this.#aheadMs = Math.round(storeMs - (before + Date.now()) / 2);
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
