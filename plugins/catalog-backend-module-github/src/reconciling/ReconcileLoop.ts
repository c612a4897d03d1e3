import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  FailureLog,
  WakeUp,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Reconciler, ReconcileTurn } from './Reconciler';

/** How long hints gather before GitHub is asked about the first of them, in milliseconds. */
const gatherMs = 50;
/** How long until the next look, for hints that other processes write and those that wait, in milliseconds. */
const pollMs = 1_000;
/** How long until the next try while another process reads for the provider, in milliseconds. */
const elsewhereMs = 200;
const longestRetryMs = 30_000;

type ReconciledTurns = Pick<Reconciler, 'reconcileDue' | 'reconcileProven'>;

/** Reconciles what is due for one provider, as long as it runs. */
export class ReconcileLoop {
  readonly #reconciler: ReconciledTurns;
  readonly #failureLog: FailureLog;
  readonly #wakeUp = new WakeUp();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: {
    provider: string;
    reconciler: ReconciledTurns;
    logger: LoggerService;
  }) {
    this.#reconciler = options.reconciler;
    this.#failureLog = new FailureLog({
      logger: options.logger,
      failed: `Hints of ${options.provider} cannot be followed; they are kept, and it is tried again`,
      worked: `Hints of ${options.provider} are followed again`,
    });
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Waits for the running turn; what it has in hand and has not settled is looked at again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wakeUp.wake();
    await this.#loop;
  }

  /** Tells of hints that this process has written. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** One turn. */
  runOnce(): Promise<ReconcileTurn> {
    return this.#reconciler.reconcileDue(this.#stop.signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = 0;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#gather(pauseMs);
        if (signal.aborted) {
          return;
        }
        this.#wakeUp.reset();
        pauseMs = decidePause(await this.runOnce());
        failures = 0;
        this.#failureLog.onWorked();
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        failures += 1;
        this.#failureLog.onFailed(error);
        pauseMs = 0;
        await this.#rest(Math.min(longestRetryMs, 250 * 2 ** failures));
      }
    }
  }

  /** Sleeps until there are hints, follows those that need no question to GitHub, and lets the others gather. */
  async #gather(pauseMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (pauseMs === 0) {
      return;
    }
    const isWoken = await this.#wakeUp.sleep(pauseMs);
    if (isWoken && !signal.aborted) {
      await this.#reconciler.reconcileProven();
    }
    await this.#rest(gatherMs);
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#stop;
    await delay(ms, undefined, { signal }).catch(() => {});
  }
}

function decidePause(turn: ReconcileTurn): number {
  if (turn.kind === 'elsewhere') {
    return elsewhereMs;
  }
  return turn.hasMore ? 0 : pollMs;
}
