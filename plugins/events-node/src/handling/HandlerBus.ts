import { randomUUID } from 'node:crypto';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import type { SubscribeOptions } from '../SubscribeOptions';
import {
  handleOneByOne,
  handleTogether,
  type HandlingContext,
} from './handleEvents';
import { HandlerLoop, type LoopOptions } from './HandlerLoop';
import type { HandlingObserver } from './HandlingObserver';
import {
  joinTerms,
  readSubscribeOptions,
  type Subscriber,
  type SubscriptionTerms,
} from './readSubscribeOptions';
import { Slots } from './Slots';
import type { StartPosition, SubscriptionAccess } from './SubscriptionAccess';
import { withTimeLimit } from './withTimeLimit';

/** Limits of handling, per subscription and process. */
export interface HandlingOptions extends LoopOptions {
  /** Events that are handled side by side, unless the subscription says otherwise. */
  concurrency: number;
  /** How long a handler may take for one event or one batch, in milliseconds. */
  handlerTimeLimitMs: number;
  /** How long handlers may go on when they are stopped, in milliseconds. */
  graceMs: number;
}

/** A subscription that this process reads. */
interface LocalSubscription {
  /** At least one; what they say of the subscription agrees. */
  subscribers: Subscriber[];
  /** What they take. */
  topics: ReadonlySet<string>;
  perProcess: boolean;
  slots: Slots;
  /** Counts hand-outs, so that handlers with the same topic take turns. */
  turn: number;
  loop: HandlerLoop | undefined;
  /** Registrations of one subscription follow each other, or the last to write might not be the last to ask. */
  registered: Promise<void>;
}

/** Batches that may be open at once, however few events are handled side by side: one may be settling. */
const leastOpenBatches = 4;

/** How often each process says again what it wants, in milliseconds. */
const refreshMs = 5 * 60_000;

/**
 * Hands events to the handlers of this process.
 *
 * @remarks
 * Handlers that subscribe with the same id share its events, in this process as across replicas; their topics add up.
 */
export class HandlerBus {
  readonly #access: SubscriptionAccess;
  readonly #options: HandlingOptions;
  readonly #observer: HandlingObserver;
  readonly #logger: LoggerService;
  readonly #subscriptions = new Map<string, LocalSubscription>();
  readonly #ending = new Set<Promise<void>>();
  /** Subscriptions of this process alone that are being removed. */
  readonly #removing = new Map<string, Promise<void>>();
  /** Added to the ids of subscriptions that belong to this process alone. */
  readonly #processId = randomUUID();
  readonly #refresh: NodeJS.Timeout;
  #stopped = false;

  constructor(options: {
    access: SubscriptionAccess;
    options: HandlingOptions;
    observer: HandlingObserver;
    logger: LoggerService;
  }) {
    this.#access = options.access;
    this.#options = options.options;
    this.#observer = options.observer;
    this.#logger = options.logger;
    this.#refresh = setInterval(() => this.#sayAgain(), refreshMs);
    this.#refresh.unref();
  }

  /**
   * Subscribes a handler.
   *
   * @param options - `id` is the whole id of the subscription, plugin included
   * @returns when the subscription stands: the handler is given every event that is published from now on
   * @throws InputError when the options are not valid, or contradict those of another handler with the same id
   */
  async subscribe<TPayload>(
    options: SubscribeOptions<TPayload>,
  ): Promise<void> {
    const { signal, perProcess = false } = options;
    const id = perProcess ? `${options.id}.${this.#processId}` : options.id;
    const subscriber = readSubscribeOptions({ ...options, id });
    // A removal that is under way would take the new subscription along.
    await this.#removing.get(id);
    if (this.#stopped) {
      throw new ServiceUnavailableError('The events system is shutting down');
    }
    signal?.throwIfAborted();
    const local = this.#add(id, subscriber, perProcess);
    try {
      await this.#register(id, local, termsOf(id, local).start);
      signal?.throwIfAborted();
    } catch (error) {
      // The caller may try again; its handler must not be there twice then.
      this.#drop(id, local, subscriber);
      throw error;
    }
    signal?.addEventListener('abort', () => this.#drop(id, local, subscriber), {
      once: true,
    });
    local.loop ??= this.#createLoop(id, local);
    if (!this.#stopped) {
      local.loop.start();
    }
  }

  /** Lets running handlers end and hands back what was not tried. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#refresh);
    await Promise.all([
      ...[...this.#subscriptions].map(([id, local]) => this.#end(id, local)),
      ...this.#ending,
    ]);
  }

  #add(
    id: string,
    subscriber: Subscriber,
    perProcess: boolean,
  ): LocalSubscription {
    const known = this.#subscriptions.get(id);
    if (!known) {
      const local: LocalSubscription = {
        subscribers: [subscriber],
        topics: topicsOf([subscriber]),
        perProcess,
        slots: new Slots(this.#concurrencyOf(subscriber.terms)),
        turn: 0,
        loop: undefined,
        registered: Promise.resolve(),
      };
      this.#subscriptions.set(id, local);
      return local;
    }
    const isBatch = ({ handler }: Subscriber) =>
      handler.handle.kind === 'batch';
    if (isBatch(subscriber) || known.subscribers.some(isBatch)) {
      throw new InputError(
        `Subscription '${id}' has a batch handler, which cannot share it with another handler of the same process`,
      );
    }
    const terms = joinTerms(id, termsOf(id, known), subscriber.terms);
    known.subscribers.push(subscriber);
    known.topics = topicsOf(known.subscribers);
    known.slots.limit = this.#concurrencyOf(terms);
    return known;
  }

  #concurrencyOf({ concurrency }: SubscriptionTerms): number {
    return concurrency ?? this.#options.concurrency;
  }

  /** Says again what stands; if it has expired, what happened since a certain time has been handled long ago. */
  #registerAgain(id: string, local: LocalSubscription): Promise<void> {
    const { start } = termsOf(id, local);
    return this.#register(id, local, start === 'beginning' ? start : 'end');
  }

  #register(
    id: string,
    local: LocalSubscription,
    start: StartPosition = 'end',
  ): Promise<void> {
    const { callLimitMs } = this.#options;
    local.registered = local.registered
      .catch(() => {})
      .then(() => {
        const { retry } = termsOf(id, local);
        const { perProcess } = local;
        return withTimeLimit(
          this.#access.register(id, {
            topics: [...local.topics],
            start,
            retry,
            perProcess,
          }),
          callLimitMs,
          () =>
            new ServiceUnavailableError(
              `Subscribing ${id} took more than ${callLimitMs} ms`,
            ),
        );
      });
    return local.registered;
  }

  #createLoop(id: string, local: LocalSubscription): HandlerLoop {
    const { maxBatchEvents, handlerTimeLimitMs } = this.#options;
    return new HandlerLoop({
      subscriptionId: id,
      access: this.#access,
      options: {
        ...this.#options,
        maxBatchEvents: termsOf(id, local).maxBatchEvents ?? maxBatchEvents,
      },
      logger: this.#logger,
      register: () => this.#registerAgain(id, local),
      // As many batches as events, since each may be held up by one slow event.
      hasRoom: openBatches =>
        local.slots.hasRoom &&
        openBatches < Math.max(leastOpenBatches, local.slots.limit),
      onLapsed: () => this.#observer.onLapsed(id),
      handle: (batch, mayBegin) => {
        const context: HandlingContext = {
          subscriptionId: id,
          timeLimitMs: handlerTimeLimitMs,
          slots: local.slots,
          observer: this.#observer,
          logger: this.#logger,
          takes: topic => local.topics.has(topic),
          mayBegin,
        };
        const [{ handler }] = local.subscribers;
        const { handle } = handler;
        return handle.kind === 'batch'
          ? handleTogether(
              batch,
              {
                read(params) {
                  if (!handler.topics.includes(params.topic)) {
                    throw noHandlerFor(params.topic);
                  }
                  return handler.wants(params)
                    ? handler.read(params)
                    : undefined;
                },
                onBatch: events => handle.onBatch(events),
              },
              context,
            )
          : handleOneByOne(batch, params => handOut(local, params), context);
      },
    });
  }

  /** Lets a handler go, and with the last one of a subscription its loop. */
  #drop(id: string, local: LocalSubscription, subscriber: Subscriber): void {
    const place = local.subscribers.indexOf(subscriber);
    if (place >= 0 && local.subscribers.length > 1) {
      local.subscribers.splice(place, 1);
      local.topics = topicsOf(local.subscribers);
      local.slots.limit = this.#concurrencyOf(termsOf(id, local));
      return;
    }
    if (place >= 0 && this.#subscriptions.get(id) === local) {
      // The handler stays for what the loop has in hand.
      this.#subscriptions.delete(id);
      const ending = this.#end(id, local).finally(() =>
        this.#ending.delete(ending),
      );
      this.#ending.add(ending);
    }
  }

  async #end(id: string, local: LocalSubscription): Promise<void> {
    await local.loop?.stop(this.#options.graceMs);
    const successor = this.#subscriptions.get(id);
    // Whoever subscribed meanwhile goes on with it.
    if (local.perProcess && (!successor || successor === local)) {
      const removing = this.#remove(id, local).finally(() =>
        this.#removing.delete(id),
      );
      this.#removing.set(id, removing);
      await removing;
    }
  }

  async #remove(id: string, local: LocalSubscription): Promise<void> {
    const { callLimitMs } = this.#options;
    // A registration that is under way would make it anew.
    await local.registered.catch(() => {});
    await withTimeLimit(
      this.#access.remove(id),
      callLimitMs,
      () => new Error(`It took more than ${callLimitMs} ms`),
    ).catch(error =>
      this.#logger.debug(
        `Removing subscription ${id} failed; it expires by itself`,
        error,
      ),
    );
  }

  /** Says of every topic that it is wanted still. */
  async #sayAgain(): Promise<void> {
    for (const [id, local] of this.#subscriptions) {
      await this.#registerAgain(id, local).catch(error =>
        this.#logger.warn(
          `Saying again which topics ${id} wants failed; it is tried again`,
          error,
        ),
      );
    }
  }
}

function termsOf(
  id: string,
  { subscribers }: LocalSubscription,
): SubscriptionTerms {
  return subscribers
    .map(({ terms }) => terms)
    .reduce((joined, terms) => joinTerms(id, joined, terms));
}

function topicsOf(subscribers: readonly Subscriber[]): ReadonlySet<string> {
  return new Set(subscribers.flatMap(({ handler }) => handler.topics));
}

/** For an event too old for its handler to be in another process, which it was left to until now. */
function noHandlerFor(topic: string): Error {
  return new Error(
    `No handler of this process has subscribed to topic '${topic}'`,
  );
}

/** Gives an event to one of the handlers that want it, if there is one; they take turns. */
async function handOut(
  local: LocalSubscription,
  params: EventParams,
): Promise<void> {
  const { topic } = params;
  const eligible = local.subscribers.flatMap(({ handler }) => {
    const { topics, handle } = handler;
    return handle.kind === 'event' && topics.includes(topic)
      ? [{ handler, handle }]
      : [];
  });
  if (eligible.length === 0) {
    throw noHandlerFor(topic);
  }
  local.turn += 1;
  const wanting = eligible.filter(({ handler }) => handler.wants(params));
  if (wanting.length > 0) {
    const { handler, handle } = wanting[local.turn % wanting.length];
    await handle.onEvent(handler.read(params));
  }
}
