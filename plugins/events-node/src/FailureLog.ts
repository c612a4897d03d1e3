import type { LoggerService } from '@backstage/backend-plugin-api';

/** How often to say that the same still fails, in milliseconds. */
const remindAfterMs = 10 * 60_000;

/**
 * Says of what is tried over and over that it fails, and that it works again: once, and not at each try.
 *
 * @remarks
 * It is said again when it fails in another way, and after ten minutes. The tries in between are there at level `debug`.
 */
export class FailureLog {
  readonly #logger: LoggerService;
  readonly #failed: string;
  readonly #worked: string;
  #said: { failure: string; atMs: number } | undefined;

  /**
   * @param options.failed - said with the error
   * @param options.worked - said when it works after that
   */
  constructor(options: {
    logger: LoggerService;
    failed: string;
    worked: string;
  }) {
    this.#logger = options.logger;
    this.#failed = options.failed;
    this.#worked = options.worked;
  }

  /** Notes a try that failed. */
  onFailed(error: unknown): void {
    const thrown = error instanceof Error ? error : new Error(String(error));
    const failure = identify(thrown);
    const nowMs = performance.now();
    const isKnown =
      this.#said?.failure === failure &&
      nowMs - this.#said.atMs < remindAfterMs;
    this.#logger[isKnown ? 'debug' : 'warn'](this.#failed, thrown);
    if (!isKnown) {
      this.#said = { failure, atMs: nowMs };
    }
  }

  /** Notes a try that succeeded. */
  onWorked(): void {
    if (this.#said) {
      this.#said = undefined;
      this.#logger.info(this.#worked);
    }
  }
}

/** The message of a statement that failed tells how many rows it had, so its code is better. */
function identify(error: Error): string {
  return 'code' in error && typeof error.code === 'string'
    ? error.code
    : error.message;
}
