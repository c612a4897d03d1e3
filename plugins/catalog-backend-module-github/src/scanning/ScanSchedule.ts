import { setTimeout as delay } from 'node:timers/promises';
import type {
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import { isError, toError } from '@backstage/errors';
import type { ProviderSettings } from '../settings';
import type { Scanner } from './Scanner';

/** How long until it is looked again whether a scan should not wait for its time, in milliseconds. */
const lookEveryMs = 60_000;

/** What a schedule needs of the scanner. */
type ScheduledScanner = Pick<Scanner, 'findHaste' | 'noteSeen' | 'runOnce'>;

/**
 * Runs the scans of one provider, in one process at a time: when the schedule says, and sooner when the last one did not
 * go well or was of another configuration.
 */
export class ScanSchedule {
  readonly #scanner: ScheduledScanner;
  readonly #scheduler: SchedulerService;
  readonly #settings: ProviderSettings;
  readonly #logger: LoggerService;
  readonly #lookEveryMs: number;
  readonly #stop = new AbortController();
  /** What is to be waited for when it stops. */
  readonly #running = new Set<Promise<void>>();

  constructor(options: {
    scanner: ScheduledScanner;
    scheduler: SchedulerService;
    settings: ProviderSettings;
    logger: LoggerService;
    lookEveryMs?: number;
  }) {
    this.#scanner = options.scanner;
    this.#scheduler = options.scheduler;
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#lookEveryMs = options.lookEveryMs ?? lookEveryMs;
  }

  get #taskId(): string {
    return `${this.#settings.name}:refresh`;
  }

  async start(): Promise<void> {
    await this.#scheduler.scheduleTask({
      ...this.#settings.schedule,
      id: this.#taskId,
      fn: signal => this.#keep(this.#scan(signal)),
    });
    await this.#look();
    void this.#keep(this.#keepHastening());
  }

  /** Ends what runs, and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #keep(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    await work.finally(() => this.#running.delete(work));
  }

  async #scan(taskSignal: AbortSignal): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#scanner.runOnce(AbortSignal.any([taskSignal, signal]));
    } catch (error) {
      if (!signal.aborted) {
        this.#logger.error('The scan failed', toError(error));
      }
    }
  }

  async #keepHastening(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(this.#lookEveryMs, undefined, { signal }).catch(() => {});
      if (!signal.aborted) {
        await this.#look().catch(error =>
          this.#logger.warn(
            `It could not be found out whether a scan is needed: ${error}`,
          ),
        );
      }
    }
  }

  async #look(): Promise<void> {
    await this.#hasten();
    await this.#scanner.noteSeen();
  }

  /**
   * Has a scan run now if there is a reason: the schedule may be that of the stock provider, or of a process before, and
   * its next time hours away.
   */
  async #hasten(): Promise<void> {
    const reason = await this.#scanner.findHaste();
    if (!reason) {
      return;
    }
    try {
      await this.#scheduler.triggerTask(this.#taskId);
    } catch (error) {
      if (isError(error) && error.name === 'ConflictError') {
        return;
      }
      throw error;
    }
    this.#logger.info(`${reason}, so all repositories are scanned now`);
  }
}
