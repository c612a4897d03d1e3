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
  topics: Set<string>;
  handlers: { topics: string[]; onEvent: EventsServiceEventHandler }[];
  /** Counts hand-outs, so that handlers with the same topic take turns. */
  turn: number;
  loop: HandlerLoop | undefined;
  /** Registrations of one subscription follow each other, or the last to write might not be the last to ask. */
  registered: Promise<void>;
}

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
    if (typeof id !== 'string' || id === '' || id.length > 512) {
      throw new InputError('A subscription needs an id of 1 to 512 characters');
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

    const register = () => this.#pool.register(id, [...local.topics]);
    local.registered = local.registered.catch(() => {}).then(register);
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
      logger: this.#logger,
      register,
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
      [...this.#subscriptions.values()].map(({ loop }) => loop?.stop(graceMs)),
    );
  }
}

function findHandler(
  local: LocalSubscription,
  topic: string,
): EventsServiceEventHandler {
  const fitting = local.handlers.filter(({ topics }) => topics.includes(topic));
  // A topic may have been dropped while events of it were still to come; they go to any handler, as in the stock bus.
  const eligible = fitting.length > 0 ? fitting : local.handlers;
  local.turn += 1;
  return eligible[local.turn % eligible.length].onEvent;
}
