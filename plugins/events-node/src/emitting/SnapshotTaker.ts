import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { stringifyError } from '@backstage/errors';
import type { ChangeCapture, WriteSnapshotPage } from './ChangeCapture';

/** What a plugin has, to be told of as if it had been made just now. */
export interface Snapshot {
  writePage: WriteSnapshotPage;
  /** Whether it is taken when the triggers are first made, or on request only. */
  onInstall: boolean;
}

/**
 * Takes the snapshot that is due, in the background.
 *
 * @remarks
 * How far it is stands in the database, so one that is cut off is gone on with by whoever looks next.
 */
export class SnapshotTaker {
  readonly #capture: ChangeCapture;
  readonly #writePage: WriteSnapshotPage;
  readonly #onWritten: () => void;
  readonly #logger: LoggerService;
  #running: Promise<void> | undefined;
  /** Something may have become due after the run that is under way has looked. */
  #looksAgain = false;
  #stopped = false;

  constructor(options: {
    capture: ChangeCapture;
    writePage: WriteSnapshotPage;
    /** Called for each page: there is something to relay. */
    onWritten: () => void;
    logger: LoggerService;
  }) {
    this.#capture = options.capture;
    this.#writePage = options.writePage;
    this.#onWritten = options.onWritten;
    this.#logger = options.logger;
  }

  /** Takes what is due, unless that goes on already. Does not throw: a snapshot that fails is tried again by the next call. */
  start(): void {
    this.#looksAgain = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#looksAgain && !this.#stopped) {
        this.start();
      }
    });
  }

  /** Ends with the page that is being written; may be called at any time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let rows = 0;
    try {
      while (this.#looksAgain && !this.#stopped) {
        this.#looksAgain = false;
        const page = await this.#capture.writeDuePage(this.#writePage);
        if (!page) {
          continue;
        }
        this.#looksAgain = true;
        rows += page.rows;
        this.#onWritten();
        if (page.next === undefined) {
          this.#logger.info(
            `A snapshot is complete: this process put ${rows} rows of it into the outbox, and what is wanted of them is told to subscribers`,
          );
        }
        // SQLite answers within the turn of the event loop.
        await nextTurn();
      }
    } catch (error) {
      if (this.#stopped) {
        return;
      }
      this.#logger.error(
        `Subscribers could not be told of everything that is there already; it is gone on with within ten minutes: ${stringifyError(
          error,
        )}`,
      );
    }
  }
}
