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
  handlers: { topics: string[]; onEvent: EventsServiceEventHandler }[];
  /** Counts hand-outs, so that handlers with the same topic take turns. */
  turn: number;
  loop: HandlerLoop | undefined;
  /** Registrations of one subscription follow each other, or the last to write might not be the last to ask. */
  registered: Promise<void>;
}

/** How often each process says again what it wants, in milliseconds. */
const refreshMs = 5 * 60_000;

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
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #logger: LoggerService;
  readonly #subscriptions = new Map<string, LocalSubscription>();
  readonly #refresh: NodeJS.Timeout;
  #stopped = false;

  constructor(options: {
    pool: SubscriptionPool;
    notifier: Notifier;
    options: HandlingOptions;
    observer: HandlingObserver;
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
    this.#refresh = setInterval(() => this.#sayAgain(), refreshMs);
    this.#refresh.unref();
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
      handlers: [],
      turn: 0,
      loop: undefined,
      registered: Promise.resolve(),
    };
    this.#subscriptions.set(id, local);
    topics.forEach(topic => local.topics.add(topic));
    const handler = { topics: [...topics], onEvent };
    local.handlers.push(handler);

    const register = () => {
      local.registered = local.registered
        .catch(() => {})
        .then(() => this.#pool.register(id, [...local.topics]));
      return local.registered;
    };
    register();
    try {
      await local.registered;
    } catch (error) {
      // The caller may try again; its handler must not be there twice then.
      local.handlers.splice(local.handlers.indexOf(handler), 1);
      throw error;
    }

    local.loop ??= new HandlerLoop({
      subscriptionId: id,
      pool: this.#pool,
      notifier: this.#notifier,
      options: this.#options,
      observer: this.#observer,
      isUnavailable: this.#isUnavailable,
      logger: this.#logger,
      register,
      topics: () => local.topics,
      findHandler: topic => findHandler(local, topic),
    });
    if (!this.#stopped) {
      local.loop.start();
    }
  }

  /** Says of every topic that it is wanted still. */
  async #sayAgain(): Promise<void> {
    for (const [id, { topics }] of this.#subscriptions) {
      await this.#pool
        .register(id, [...topics])
        .catch(error =>
          this.#logger.warn(
            `Saying again which topics ${id} wants failed; it is tried again`,
            error,
          ),
        );
    }
  }

  /** Lets running handlers end and hands back what was not tried. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#refresh);
    await Promise.all(
      [...this.#subscriptions.values()].map(({ loop }) => loop?.stop(graceMs)),
    );
  }
}

function findHandler(
  local: LocalSubscription,
  topic: string,
): EventsServiceEventHandler {
  const eligible = local.handlers.filter(({ topics }) =>
    topics.includes(topic),
  );
  if (eligible.length === 0) {
    // Its handler has not subscribed yet since the start, or is in a replica of another version; a later attempt finds it.
    throw new Error(
      `No handler of this process has subscribed to topic '${topic}'`,
    );
  }
  local.turn += 1;
  return eligible[local.turn % eligible.length].onEvent;
}
