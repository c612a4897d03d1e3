import type { LoggerService } from '@backstage/backend-plugin-api';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import type { EventsServiceEventHandler } from '@backstage/plugin-events-node';
import type { SubscribeOptions } from '../SubscribeOptions';
import { handleOneByOne, handleTogether } from './handleEvents';
import { HandlerLoop, type LoopOptions } from './HandlerLoop';
import type { HandlingObserver } from './HandlingObserver';
import {
  joinTerms,
  readSubscribeOptions,
  type Handler,
  type SubscriptionTerms,
} from './readSubscribeOptions';
import { Slots } from './Slots';
import type { SubscriptionAccess } from './SubscriptionAccess';

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
  handlers: Handler[];
  terms: SubscriptionTerms;
  /** Counts hand-outs, so that handlers with the same topic take turns. */
  turn: number;
  loop: HandlerLoop | undefined;
  /** Registrations of one subscription follow each other, or the last to write might not be the last to ask. */
  registered: Promise<void>;
}

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
    const { id, signal } = options;
    const { handler, terms } = readSubscribeOptions(options);
    if (this.#stopped) {
      throw new ServiceUnavailableError('The events system is shutting down');
    }
    signal?.throwIfAborted();
    const local = this.#add(id, handler, terms);
    const register = () => this.#register(id, local);
    try {
      await register();
      signal?.throwIfAborted();
    } catch (error) {
      // The caller may try again; its handler must not be there twice then.
      this.#drop(id, local, handler);
      throw error;
    }
    signal?.addEventListener('abort', () => this.#drop(id, local, handler), {
      once: true,
    });
    local.loop ??= this.#createLoop(id, local, register);
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
    handler: Handler,
    terms: SubscriptionTerms,
  ): LocalSubscription {
    const known = this.#subscriptions.get(id);
    if (!known) {
      const local: LocalSubscription = {
        handlers: [handler],
        terms,
        turn: 0,
        loop: undefined,
        registered: Promise.resolve(),
      };
      this.#subscriptions.set(id, local);
      return local;
    }
    const isBatch = ({ handle }: Handler) => handle.kind === 'batch';
    if (isBatch(handler) || known.handlers.some(isBatch)) {
      throw new InputError(
        `Subscription '${id}' has a batch handler, which cannot share it with another handler of the same process`,
      );
    }
    known.terms = joinTerms(id, known.terms, terms);
    known.handlers.push(handler);
    return known;
  }

  #register(id: string, local: LocalSubscription): Promise<void> {
    local.registered = local.registered
      .catch(() => {})
      .then(() =>
        this.#access.register(id, {
          topics: topicsOf(local),
          start: local.terms.start ?? 'end',
          retry: local.terms.retry,
          perProcess: local.terms.perProcess ?? false,
        }),
      );
    return local.registered;
  }

  #createLoop(
    id: string,
    local: LocalSubscription,
    register: () => Promise<void>,
  ): HandlerLoop {
    const { concurrency, maxBatchEvents, handlerTimeLimitMs } = this.#options;
    const slots = new Slots(local.terms.concurrency ?? concurrency);
    const loop: HandlerLoop = new HandlerLoop({
      subscriptionId: id,
      access: this.#access,
      options: {
        ...this.#options,
        maxBatchEvents: local.terms.maxBatchEvents ?? maxBatchEvents,
      },
      logger: this.#logger,
      register,
      onLapsed: () => this.#observer.onLapsed(id),
      handle: batch => {
        const context = {
          subscriptionId: id,
          timeLimitMs: handlerTimeLimitMs,
          observer: this.#observer,
          logger: this.#logger,
          stopping: loop.stopping,
        };
        const [handler] = local.handlers;
        return handler?.handle.kind === 'batch'
          ? handleTogether(batch, handler.handle.onBatch, slots, context)
          : handleOneByOne(
              batch,
              topic => findHandler(local, topic),
              slots,
              context,
            );
      },
    });
    return loop;
  }

  /** Lets a handler go, and with the last one of a subscription its loop. */
  #drop(id: string, local: LocalSubscription, handler: Handler): void {
    const place = local.handlers.indexOf(handler);
    if (place >= 0 && local.handlers.length > 1) {
      local.handlers.splice(place, 1);
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
    if (local.terms.perProcess) {
      await this.#access
        .remove(id)
        .catch(error =>
          this.#logger.debug(
            `Removing subscription ${id} failed; it expires by itself`,
            error,
          ),
        );
    }
  }

  /** Says of every topic that it is wanted still. */
  async #sayAgain(): Promise<void> {
    for (const [id, local] of this.#subscriptions) {
      await this.#register(id, local).catch(error =>
        this.#logger.warn(
          `Saying again which topics ${id} wants failed; it is tried again`,
          error,
        ),
      );
    }
  }
}

function topicsOf({ handlers }: LocalSubscription): string[] {
  return [...new Set(handlers.flatMap(({ topics }) => topics))];
}

function findHandler(
  local: LocalSubscription,
  topic: string,
): EventsServiceEventHandler {
  const eligible = local.handlers.flatMap(({ topics, handle }) =>
    handle.kind === 'event' && topics.includes(topic) ? [handle.onEvent] : [],
  );
  if (eligible.length === 0) {
    // Its handler has not subscribed yet since the start, or is in a replica of another version; a later attempt finds it.
    throw new Error(
      `No handler of this process has subscribed to topic '${topic}'`,
    );
  }
  local.turn += 1;
  return eligible[local.turn % eligible.length];
}
