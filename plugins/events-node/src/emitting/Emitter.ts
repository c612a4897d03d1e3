import type { LoggerService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError, stringifyError } from '@backstage/errors';
import type { Knex } from 'knex';
import type { Outbox } from '../outbox';
import { capitalise } from './capitalise';
import type { ChangeCapture, Installation } from './ChangeCapture';
import { silentAfterDays } from './names';
import { SnapshotTaker, type Snapshot } from './SnapshotTaker';
import type { WatchedPlugin } from './WatchedPlugin';
import { withRemedy } from './withRemedy';
import { WriteWatch } from './WriteWatch';

/**
 * Turns what the triggers write down into events: sees that they stand, and wakes the relay.
 *
 * @remarks
 * A module begins before its plugin, whose migrations make the tables and, on SQLite, may rebuild one without its
 * triggers. So it looks when it starts, and again when the migrations have run.
 */
export class Emitter {
  /** Resolves when the triggers have been looked at for the second time, whether they stand or not. */
  readonly migrated: Promise<void>;
  readonly #plugin: WatchedPlugin;
  readonly #capture: ChangeCapture;
  readonly #outbox: Outbox;
  readonly #watch: WriteWatch;
  readonly #snapshotTaker: SnapshotTaker | undefined;
  readonly #snapshotOnInstall: boolean;
  readonly #migrates: boolean;
  readonly #logger: LoggerService;
  #resolveMigrated = () => {};
  #stands = false;

  constructor(options: {
    capture: ChangeCapture;
    outbox: Outbox;
    /** Of the plugin. */
    knex: Knex;
    /** Undefined when nothing is ever told of what is there already. */
    snapshot?: Snapshot;
    /** Whether tables and triggers may be made. */
    migrates: boolean;
    logger: LoggerService;
  }) {
    this.#plugin = options.capture.plugin;
    this.#capture = options.capture;
    this.#outbox = options.outbox;
    this.#snapshotTaker =
      options.snapshot &&
      new SnapshotTaker({
        capture: options.capture,
        writePage: options.snapshot.writePage,
        onWritten: () => this.#outbox.wake(),
        logger: options.logger,
      });
    this.#snapshotOnInstall = options.snapshot?.onInstall ?? false;
    this.#migrates = options.migrates;
    this.#logger = options.logger;
    this.#watch = new WriteWatch({
      knex: options.knex,
      statements: this.#plugin.wakeOn,
      onWritten: () => this.#outbox.wake(),
    });
    this.migrated = new Promise(resolve => {
      this.#resolveMigrated = resolve;
    });
  }

  /**
   * Begins before the plugin does: changes that it makes while it starts are caught, unless its tables are not there yet,
   * and with them nothing that could change.
   *
   * Triggers that cannot be made, as when a backup keeps the tables locked, are an error in the log, and are tried again.
   *
   * @throws Error when they may not be made (`skipMigrations`) and are not there, with the remedy
   */
  async start(): Promise<void> {
    try {
      await this.#install();
    } catch (error) {
      if (!this.#migrates) {
        throw error;
      }
      this.#logFailure(error);
    }
    // Only a hint: the relay looks by itself every second.
    this.#watch.start();
    this.#outbox.start();
  }

  /**
   * Called when the migrations of the plugin have run. Does not throw: whatever becomes of the emitter, the plugin goes on,
   * and an error is logged.
   */
  async onMigrated(): Promise<void> {
    const { plugin, changes, orElse } = this.#plugin.words;
    try {
      if ((await this.#install()) === 'waiting') {
        this.#logger.error(
          `${capitalise(
            plugin,
          )} does not have the columns that are read (${this.#listColumns()}): this version of it is not known to the module, which knows version ${
            this.#plugin.knownVersion
          }${
            orElse ? `, ${orElse}` : ''
          }; see the README of the module. Subscribers are not told of ${changes}`,
        );
      }
    } catch (error) {
      this.#logFailure(error);
    } finally {
      this.#resolveMigrated();
    }
  }

  /**
   * Sees that the triggers still stand, and says that a process with this emitter runs; tries again what failed.
   *
   * @returns whether they stand
   */
  async tend(): Promise<boolean> {
    await this.onMigrated();
    return this.#stands;
  }

  /**
   * Has subscribers told of everything that the plugin has, in the background.
   *
   * @returns false when they are being told already
   * @throws ServiceUnavailableError when the triggers do not stand
   */
  async requestSnapshot(): Promise<boolean> {
    if (!this.#stands) {
      throw new ServiceUnavailableError(
        `${capitalise(
          this.#plugin.words.changes,
        )} are not caught yet; the log of the portal tells why`,
      );
    }
    const isNew = await this.#capture.requestSnapshot();
    this.#snapshotTaker?.start();
    return isNew;
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    this.#capture.stop();
    await this.#snapshotTaker?.stop();
    await this.#outbox.stop();
  }

  /** @throws Error when the triggers could not be looked for or made; those that stood are taken to stand still */
  async #install(): Promise<Installation> {
    const installation: Installation = this.#migrates
      ? await this.#capture.install({
          snapshotDue: this.#snapshotOnInstall,
        })
      : await this.#capture.find();
    this.#stands = installation !== 'waiting' && installation !== 'removed';
    this.#logInstallation(installation);
    if (this.#stands) {
      await this.#sayAlive();
      this.#snapshotTaker?.start();
    }
    return installation;
  }

  #logInstallation(installation: Installation) {
    const { plugin, changes, remedy } = this.#plugin.words;
    switch (installation) {
      case 'installed':
        this.#logger.info(`${capitalise(changes)} are caught from now on`);
        break;
      case 'renewed':
        this.#logger.info(
          `The triggers that catch ${changes} are those of this version now`,
        );
        break;
      case 'restored':
        this.#logger.warn(
          withRemedy(
            `The triggers that catch ${changes} had gone, as by a migration of ${plugin}, or its schema has another name; they stand again. What changed meanwhile may not have been told of`,
            remedy,
          ),
        );
        break;
      case 'removed':
        this.#logger.error(
          `Another process has removed what catches ${changes} (${
            this.#plugin.pluginId
          }.events.enabled: false). This one tells of nothing until it is started again`,
        );
        break;
      default:
    }
  }

  async #sayAlive(): Promise<void> {
    const silentSince = await this.#capture.sayAlive();
    if (silentSince) {
      const { changes, remedy } = this.#plugin.words;
      this.#logger.warn(
        withRemedy(
          `No process with this module has run since ${silentSince.toISOString()}. If there were ${changes} later than ${silentAfterDays} days after that, subscribers were not told of them`,
          remedy,
        ),
      );
    }
  }

  #logFailure(error: unknown): void {
    this.#logger.error(
      `Subscribers are not told of ${
        this.#plugin.words.changes
      }; it is tried again: ${stringifyError(error)}`,
    );
  }

  #listColumns(): string {
    return Object.entries(this.#plugin.columns)
      .flatMap(([table, columns]) =>
        columns.map(column => `${table}.${column}`),
      )
      .join(', ');
  }
}
