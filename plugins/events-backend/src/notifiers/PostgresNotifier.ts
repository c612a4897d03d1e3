import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type {
  Notifier,
  NotifierListener,
} from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import { withTimeLimit } from '@callboard/backstage-plugin-events-node/bus';
import { InProcessNotifier } from './InProcessNotifier';
import {
  DeafConnectionError,
  ListeningConnection,
} from './ListeningConnection';
import { LoadGauge } from './LoadGauge';
import { decodeNotification, encodeNotification } from './notification';
import { WaitingTopics } from './WaitingTopics';

/** Limits of the {@link PostgresNotifier}, in milliseconds. */
export interface ListeningOptions {
  /** How long connecting may take. */
  connectLimitMs: number;
  /** How often the connection is checked; one that was cut silently looks like one on which nothing happens. */
  heartbeatMs: number;
  /** How long an answer of the server may take. */
  answerLimitMs: number;
  /** Pause after the first failure; doubled with each further one. */
  shortestPauseMs: number;
  longestPauseMs: number;
}

/** What is measured about listening. */
export interface ListeningObserver {
  /** Whether notifications of other replicas arrive. */
  onListening(listening: boolean): void;
}

/** Appends that come this fast are a sign of load: 800 a second. */
const loadedNotifications = 8;
const loadedWithinMs = 10;
/**
 * Under load topics gather a few times as long as the last notification took, which is longer the busier the machine
 * is; within these limits, in milliseconds, which are those of readers under load from claim to claim, and a little less.
 */
const gatherFactor = 4;
const leastGatherMs = 4;
const longestGatherMs = 20;
/** A notification that is under way at the stop may take this long, in milliseconds. */
const stopLimitMs = 2_000;

/**
 * Wakes readers of this process at once, and those of other replicas by NOTIFY.
 *
 * @remarks
 * One connection LISTENs and sends. While one notification is under way the topics of those that come gather for the
 * next, so however much is appended there is one round trip at a time; and while appends follow each other closely they
 * gather a little longer, because readers under load let events gather too. What is lost with the connection costs latency
 * only: readers look by themselves now and then, and all are woken when the connection is back.
 */
export class PostgresNotifier implements Notifier {
  readonly #knex: Knex;
  readonly #options: ListeningOptions;
  readonly #observer: ListeningObserver;
  readonly #logger: LoggerService;
  readonly #local = new InProcessNotifier();
  readonly #origin = randomUUID();
  readonly #waiting = new WaitingTopics();
  readonly #load = new LoadGauge(loadedNotifications, loadedWithinMs);
  /** How long the last notification took. */
  #sendingMs = 0;
  /** Since the connection last proved good. */
  #failures = 0;
  #warned = false;
  #saidDeaf = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #endSleep = () => {};

  constructor(options: {
    knex: Knex;
    options: ListeningOptions;
    observer: ListeningObserver;
    logger: LoggerService;
  }) {
    this.#knex = options.knex;
    this.#options = options.options;
    this.#observer = options.observer;
    this.#logger = options.logger;
  }

  notify(topics: ReadonlySet<string>): void {
    this.#local.notify(topics);
    this.#load.count(performance.now());
    this.#waiting.add(topics);
    this.#endSleep();
  }

  listen(listener: NotifierListener): () => void {
    return this.#local.listen(listener);
  }

  /** Begins to connect; until the connection stands, readers of this process alone are woken. */
  start(): void {
    if (!this.#stopped) {
      this.#running ??= this.#run();
    }
  }

  /** Sends what waits to be sent, and ends the connection. Readers of this process are woken still. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endSleep();
    await withTimeLimit(
      this.#running ?? Promise.resolve(),
      stopLimitMs,
      () => new Error('The connection hangs'),
    ).catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#serve();
      } catch (error) {
        if (error instanceof DeafConnectionError) {
          this.#warnOfDeafness(error);
          // A pooler may be set right, or be passed by, while this process runs.
          await this.#pause(this.#options.longestPauseMs);
        } else {
          this.#warn(error);
          await this.#pause(
            this.#options.shortestPauseMs * 2 ** this.#failures,
          );
        }
      }
    }
  }

  /** Connects, and uses the connection until it is lost or no longer needed. */
  async #serve(): Promise<void> {
    const { heartbeatMs } = this.#options;
    const connection = await ListeningConnection.open({
      ...this.#options,
      knex: this.#knex,
      onNotification: payload => this.#hear(payload),
      onFailure: () => this.#endSleep(),
    });
    try {
      this.#welcome();
      let checkAt = performance.now() + heartbeatMs;
      while (!this.#stopped) {
        connection.throwIfLost();
        const leftMs = checkAt - performance.now();
        if (leftMs <= 0) {
          await connection.check();
          this.#failures = 0;
          checkAt = performance.now() + heartbeatMs;
        } else if (!this.#waiting.empty) {
          await this.#send(connection);
        } else {
          await this.#sleep(leftMs);
        }
      }
      if (!this.#waiting.empty) {
        await this.#send(connection);
      }
    } finally {
      this.#observer.onListening(false);
      await connection.close();
    }
  }

  /** A notification that is lost with the connection is not sent again: by then its readers have looked themselves. */
  async #send(connection: ListeningConnection): Promise<void> {
    if (!this.#stopped && this.#load.isLoaded(performance.now())) {
      const gatherMs = Math.max(leastGatherMs, gatherFactor * this.#sendingMs);
      await delay(Math.min(gatherMs, longestGatherMs));
    }
    const topics = this.#waiting.take();
    const startMs = performance.now();
    await connection.notify(encodeNotification(this.#origin, topics));
    this.#sendingMs = performance.now() - startMs;
  }

  #hear(payload: string): void {
    const { origin, topics } = decodeNotification(payload);
    if (origin === this.#origin) {
      return;
    }
    if (topics === 'any') {
      this.#local.wakeAll();
    } else {
      this.#local.notify(topics);
    }
  }

  #welcome(): void {
    this.#observer.onListening(true);
    if (this.#warned) {
      this.#warned = false;
      this.#logger.info('Notifications of other replicas arrive again');
    }
    // What was appended before the connection stood was not heard of.
    this.#local.wakeAll();
  }

  #warn(error: unknown): void {
    if (!this.#warned && !this.#stopped) {
      this.#warned = true;
      this.#logger.warn(
        'The connection for notifications of other replicas failed and is tried again; meanwhile their events are noticed only when readers look by themselves',
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  }

  /** Once for a process: behind some poolers it hears now and then. */
  #warnOfDeafness({ message }: DeafConnectionError): void {
    if (!this.#saidDeaf && !this.#stopped) {
      this.#saidDeaf = true;
      this.#warned = true;
      this.#logger.warn(
        `${message}. Events that other replicas append are noticed only when readers look by themselves. Connect the database of plugin 'events' directly, or through a pooler in session mode; it is tried again now and then.`,
      );
    }
  }

  /** Replicas that lost the server together come back one by one. */
  async #pause(wantedMs: number): Promise<void> {
    const pauseMs = Math.min(wantedMs, this.#options.longestPauseMs);
    this.#failures += 1;
    const until = performance.now() + pauseMs * (0.5 + Math.random() / 2);
    let leftMs = until - performance.now();
    while (leftMs > 0 && !this.#stopped) {
      // What is published meanwhile ends a sleep, but not the pause.
      await this.#sleep(leftMs);
      leftMs = until - performance.now();
    }
  }

  /** Sleeps until there is something to send, the connection fails, or the stop; and no longer than the limit. */
  #sleep(limitMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, limitMs);
      timer.unref();
      this.#endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
