import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Outbox } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import type { Installation, TaskCapture } from './capture';

/** Statements after which something may wait in the outbox. */
const writes = /^(insert into|update) [`"]?tasks\b|^commit/i;

/**
 * Turns what the triggers write down into events: sees that they stand, and wakes the relay.
 *
 * @remarks
 * A module begins before its plugin, whose migrations make the tables and, on SQLite, may rebuild one without its
 * triggers. So it looks again when the scaffolder has started. Its workers begin later, when all plugins have started.
 */
export class TaskEmitter {
  /** Resolves when the triggers have been looked at for the second time, whether they stand or not. */
  readonly settled: Promise<void>;
  readonly #capture: TaskCapture;
  readonly #outbox: Outbox;
  readonly #knex: Knex;
  readonly #migrates: boolean;
  readonly #logger: LoggerService;
  readonly #onQuery = (_response: unknown, { sql }: { sql: string }) => {
    if (writes.test(sql)) {
      this.#outbox.wake();
    }
  };
  #resolveSettled = () => {};
  #stands = false;

  constructor(options: {
    capture: TaskCapture;
    outbox: Outbox;
    knex: Knex;
    /** Whether tables and triggers may be made. */
    migrates: boolean;
    logger: LoggerService;
  }) {
    this.#capture = options.capture;
    this.#outbox = options.outbox;
    this.#knex = options.knex;
    this.#migrates = options.migrates;
    this.#logger = options.logger;
    this.settled = new Promise(resolve => {
      this.#resolveSettled = resolve;
    });
  }

  /**
   * Begins before the scaffolder does: changes that it makes while it starts are caught, unless its tables are not there
   * yet, and with them nothing that could change.
   */
  async start(): Promise<void> {
    await this.#install();
    // Only a hint: the relay looks by itself every second.
    this.#knex.on('query-response', this.#onQuery);
    this.#outbox.start();
  }

  /**
   * Called when the migrations of the scaffolder have run.
   *
   * @throws Error when there is nothing to catch changes of
   */
  async settle(): Promise<void> {
    try {
      await this.#install();
    } finally {
      this.#resolveSettled();
    }
    if (!this.#stands) {
      throw new Error(
        'The scaffolder has no tables tasks and task_events with the columns that are read: this version of it is not known to the module, or another task broker keeps its tasks; see the README of the module',
      );
    }
  }

  /** Says that a process with this module runs; tries again what failed when the scaffolder started. */
  async tend(): Promise<void> {
    if (this.#stands) {
      await this.#capture.sayAlive();
    } else {
      await this.settle();
    }
  }

  async stop(): Promise<void> {
    this.#knex.removeListener('query-response', this.#onQuery);
    await this.#outbox.stop();
  }

  async #install(): Promise<void> {
    const stoodBefore = this.#stands;
    this.#stands = false;
    const installation: Installation = this.#migrates
      ? await this.#capture.install()
      : await this.#capture.find();
    if (installation === 'waiting') {
      return;
    }
    this.#stands = true;
    if (installation === 'installed') {
      this.#logger.info('Changes of tasks are caught from now on');
    } else if (installation === 'renewed') {
      this.#logger.info('The triggers that catch changes of tasks stand again');
    }
    if (!stoodBefore) {
      await this.#begin();
    }
  }

  async #begin(): Promise<void> {
    const silentSince = await this.#capture.sayAlive();
    if (silentSince) {
      this.#logger.warn(
        `No process with this module has run since ${silentSince.toISOString()}. If tasks changed meanwhile, subscribers were not told`,
      );
    }
  }
}
