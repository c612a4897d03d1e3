import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { FailureLog } from '../FailureLog';
import type { HandlerBus } from '../handling/HandlerBus';
import type { SubscriptionAccess } from '../handling/SubscriptionAccess';
import { withTimeLimit } from '../handling/withTimeLimit';
import type { SubscribeOptions } from '../SubscribeOptions';

/**
 * Subscribes handlers at an events plugin that may not be there yet.
 *
 * @remarks
 * Plugins subscribe while they start, and a backend is given no requests until its plugins have started. The events
 * plugin has to ask this backend for its keys before it can trust it. So a backend that waited for its subscriptions
 * might wait for ever: after a while it goes on, and subscribes in the background.
 */
export class RemoteSubscriber {
  readonly #bus: Pick<HandlerBus, 'subscribe'>;
  readonly #access: Pick<SubscriptionAccess, 'isUnavailable'>;
  readonly #patienceMs: number;
  readonly #retryDelayMs: number;
  readonly #logger: LoggerService;
  readonly #stopping = new AbortController();
  /** Subscriptions that are made in the background. */
  #late = 0;
  /** Why the events plugin is not available, since it last was. */
  #lastError: unknown;

  constructor(options: {
    bus: Pick<HandlerBus, 'subscribe'>;
    access: Pick<SubscriptionAccess, 'isUnavailable'>;
    /** How long a caller waits for an events plugin that is away, in milliseconds. */
    patienceMs: number;
    /** Pause between tries, in milliseconds. */
    retryDelayMs: number;
    logger: LoggerService;
  }) {
    this.#bus = options.bus;
    this.#access = options.access;
    this.#patienceMs = options.patienceMs;
    this.#retryDelayMs = options.retryDelayMs;
    this.#logger = options.logger;
  }

  /**
   * Subscribes a handler.
   *
   * @returns when the subscription stands, or, with a warning, when it has not for a while; it is made in the background
   *   then
   * @throws InputError when the options are not valid
   * @throws ResponseError when the events plugin refuses the subscription
   */
  async subscribe<TPayload>(
    options: SubscribeOptions<TPayload>,
  ): Promise<void> {
    const { id } = options;
    let isLate = false;
    const failures = new FailureLog({
      logger: this.#logger,
      failed: `Subscription ${id} does not stand yet, because the events plugin is not available; it is made as soon as it is. If it is new, it misses what is published until then`,
      worked: `Subscription ${id} stands`,
    });
    const subscribing = this.#subscribe(options, error => {
      if (isLate) {
        failures.onFailed(error);
      }
    });
    // Somebody has waited for it already.
    const patienceMs = this.#late > 0 ? 0 : this.#patienceMs;
    await withTimeLimit(subscribing, patienceMs, () => {
      isLate = true;
      return new Error('patience is over');
    }).catch(error => {
      if (!isLate) {
        throw error;
      }
      failures.onFailed(
        this.#lastError ?? new Error('It has not answered for a while'),
      );
      this.#goOn(options, subscribing, failures);
    });
  }

  /** Tries no more. */
  stop(): void {
    this.#stopping.abort();
  }

  async #goOn<TPayload>(
    { id, signal }: SubscribeOptions<TPayload>,
    subscribing: Promise<void>,
    failures: FailureLog,
  ): Promise<void> {
    this.#late += 1;
    try {
      await subscribing;
      failures.onWorked();
    } catch (error) {
      if (!signal?.aborted && !this.#stopping.signal.aborted) {
        this.#logger.error(
          `Subscribing ${id} failed, and is given up`,
          error instanceof Error ? error : new Error(String(error)),
        );
      }
    } finally {
      this.#late -= 1;
    }
  }

  async #subscribe<TPayload>(
    options: SubscribeOptions<TPayload>,
    onFailed: (error: unknown) => void,
  ): Promise<void> {
    for (;;) {
      try {
        await this.#bus.subscribe(options);
        this.#lastError = undefined;
        return;
      } catch (error) {
        if (
          !this.#access.isUnavailable(error) ||
          this.#stopping.signal.aborted
        ) {
          throw error;
        }
        this.#lastError = error;
        onFailed(error);
        await delay(this.#retryDelayMs, undefined, {
          signal: this.#stopping.signal,
        });
      }
    }
  }
}
