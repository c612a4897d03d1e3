import type { LoggerService } from '@backstage/backend-plugin-api';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import type {
  EventsServiceEventHandler,
  EventsServiceSubscribeOptions,
} from '@backstage/plugin-events-node';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type { SubscriptionPool } from '../subscriptions';
import {
  HandlerLoop,
  type HandlingObserver,
  type HandlingOptions,
} from './HandlerLoop';

interface LocalSubscription {
  /** Of all handlers together. */
  topics: Set<string>;
  /** Whether no further handler is expected; see `startUpMs`. */
  complete: boolean;
  completion: NodeJS.Timeout | undefined;
  handlers: { topics: string[]; onEvent: EventsServiceEventHandler }[];
  /** Counts hand-outs, so that handlers with the same topic take turns. */
  turn: number;
  loop: HandlerLoop | undefined;
  /** Registrations of one subscription follow each other, or the last to write might not be the last to ask. */
  registered: Promise<void>;
}

/**
 * How long after its last call of `subscribe` a subscription is taken to be complete.
 *
 * Several handlers may subscribe with one id, each to topics of its own. After a restart the topics of those that have
 * not come yet must neither end nor go to the wrong handler.
 */
const startUpMs = 30_000;

const maxIdBytes = 512;

/**
 * Hands events to the handlers of this process.
 *
 * @remarks
 * Handlers that subscribe with the same id share its events, in this process as across replicas; their topics add up.
 */
export class HandlerBus {
  readonly #pool: SubscriptionPool;
  readonly #notifier: Notifier;
  readonly #options: HandlingOptions;
  readonly #observer: HandlingObserver;
  readonly #logger: LoggerService;
  readonly #subscriptions = new Map<string, LocalSubscription>();
  #stopped = false;

  constructor(options: {
    pool: SubscriptionPool;
    notifier: Notifier;
    options: HandlingOptions;
    observer: HandlingObserver;
    logger: LoggerService;
  }) {
    this.#pool = options.pool;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#observer = options.observer;
    this.#logger = options.logger;
  }

  /**
   * Subscribes a handler.
   *
   * @param options - `id` is the whole id of the subscription, plugin included
   * @returns when the subscription stands: the handler is given every event that is published from now on
   * @throws InputError when a topic is not a text or the id is empty
   */
  async subscribe(options: EventsServiceSubscribeOptions): Promise<void> {
    const { id, topics, onEvent } = options;
    if (this.#stopped) {
      throw new ServiceUnavailableError('The events system is shutting down');
    }
    if (
      typeof id !== 'string' ||
      id === '' ||
      Buffer.byteLength(id) > maxIdBytes
    ) {
      throw new InputError(
        `A subscription needs an id of 1 to ${maxIdBytes} bytes`,
      );
    }
    if (topics.some(topic => typeof topic !== 'string' || topic === '')) {
      throw new InputError(
        `Subscription '${id}' names a topic that is not a text or is empty`,
      );
    }
    const local = this.#subscriptions.get(id) ?? {
      topics: new Set(),
      complete: false,
      completion: undefined,
      handlers: [],
      turn: 0,
      loop: undefined,
      registered: Promise.resolve(),
    };
    this.#subscriptions.set(id, local);
    topics.forEach(topic => local.topics.add(topic));
    const handler = { topics: [...topics], onEvent };
    local.handlers.push(handler);

    const register = (others: 'keep' | 'end') => {
      const registered = local.registered
        .catch(() => {})
        .then(() => this.#pool.register(id, [...local.topics], { others }));
      local.registered = registered;
      return registered;
    };
    register('keep');
    try {
      await local.registered;
    } catch (error) {
      // The caller may try again; its handler must not be there twice then.
      local.handlers.splice(local.handlers.indexOf(handler), 1);
      throw error;
    }

    local.complete = false;
    clearTimeout(local.completion);
    local.completion = setTimeout(() => {
      local.complete = true;
      register('end').catch(error =>
        this.#logger.warn(
          `Ending topics that ${id} wants no longer failed; it is tried again at the next start`,
          error,
        ),
      );
    }, startUpMs);
    local.completion.unref();

    local.loop ??= new HandlerLoop({
      subscriptionId: id,
      pool: this.#pool,
      notifier: this.#notifier,
      options: this.#options,
      observer: this.#observer,
      logger: this.#logger,
      register: () => register('keep'),
      topics: () => local.topics,
      findHandler: topic => findHandler(local, topic),
    });
    if (!this.#stopped) {
      local.loop.start();
    }
  }

  /** Lets running handlers end and hands back what was not tried. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    await Promise.all(
      [...this.#subscriptions.values()].map(({ loop, completion }) => {
        clearTimeout(completion);
        return loop?.stop(graceMs);
      }),
    );
  }
}

function findHandler(
  local: LocalSubscription,
  topic: string,
): EventsServiceEventHandler {
  const fitting = local.handlers.filter(({ topics }) => topics.includes(topic));
  if (fitting.length === 0 && !local.complete) {
    throw new Error(
      `No handler has subscribed to topic '${topic}' yet since the start`,
    );
  }
  // A topic may have been dropped while events of it were still to come; they go to any handler, as in the stock bus.
  const eligible = fitting.length > 0 ? fitting : local.handlers;
  local.turn += 1;
  return eligible[local.turn % eligible.length].onEvent;
}
