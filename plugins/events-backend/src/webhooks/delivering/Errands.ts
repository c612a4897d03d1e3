import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { FailureLog } from '@callboard/backstage-plugin-events-node/bus';
import type { Announcer } from './Announcer';
import type { ReplayRunner } from './ReplayRunner';

/** Between two pages of replays, in milliseconds: they must not take the store from what happens now. */
const restMs = 20;

/** What is done for endpoints beside sending: carries replays on, and publishes which were disabled. */
export class Errands {
  readonly #announcer: Announcer;
  readonly #replays: ReplayRunner;
  readonly #intervalMs: number;
  readonly #failures: FailureLog;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: {
    announcer: Announcer;
    replays: ReplayRunner;
    /** In milliseconds. */
    intervalMs: number;
    logger: LoggerService;
  }) {
    this.#announcer = options.announcer;
    this.#replays = options.replays;
    this.#intervalMs = options.intervalMs;
    this.#failures = new FailureLog({
      logger: options.logger,
      failed: 'Replays and announcements of endpoints failed, trying again',
      worked: 'Replays and announcements of endpoints go on',
    });
  }

  start(): void {
    if (!this.#stopping.signal.aborted) {
      this.#running ??= this.#run();
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Does what there is; returns whether there may be more at once. */
  async runOnce(): Promise<boolean> {
    const [replayed, announced] = await Promise.allSettled([
      this.#replays.runOnce(),
      this.#announcer.runOnce(),
    ]);
    for (const done of [replayed, announced]) {
      if (done.status === 'rejected') {
        throw done.reason;
      }
    }
    return replayed.status === 'fulfilled' && replayed.value;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let isMore = false;
      try {
        isMore = await this.runOnce();
        this.#failures.onWorked();
      } catch (error) {
        this.#failures.onFailed(error);
      }
      await delay(isMore ? restMs : this.#intervalMs, undefined, {
        signal,
      }).catch(() => {});
    }
  }
}
