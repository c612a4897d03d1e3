import { performance } from 'node:perf_hooks';
import type { Dispatcher } from 'undici';
import { explainFailure } from './explainFailure';
import { KeptBody } from './KeptBody';
import { keepHeaders, type ReceivedHeaders } from './keepHeaders';
import type { AnswerHeaders, FailureReason, SendResult } from './SendResult';

interface ExchangeOptions {
  timeLimitMs: number;
  signal: AbortSignal | undefined;
  maxAnswerBytes: number;
  /** Called once. */
  settle: (result: SendResult) => void;
}

/**
 * One request and its answer, as undici tells of them, until the first of: the end of the answer, an error, a limit, the
 * signal. It has then its result, and whatever undici tells afterwards is nothing to it.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #body: KeptBody;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = () => this.#cancel();
  #controller: Dispatcher.DispatchController | undefined;
  #answer: { status: number; headers: AnswerHeaders } | undefined;
  #over = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#body = new KeptBody(options.maxAnswerBytes);
    this.#timer = setTimeout(() => this.#timeOut(), options.timeLimitMs);
    options.signal?.addEventListener('abort', this.#onAbort);
    if (options.signal?.aborted) {
      this.#cancel();
    }
  }

  /** Whether it has its result. */
  get over(): boolean {
    return this.#over;
  }

  /** Ends it with an error, unless it is over. */
  fail(error: unknown): void {
    const { reason, message } = explainFailure(error);
    this.#settleFailed(
      reason,
      this.#answer
        ? `Answered ${this.#answer.status}, but: ${message}`
        : message,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // What was reported as over must not be sent by a connection that comes too late. undici takes an error for a refusal
    // to begin, and uses the connection for others; to abort would drop it.
    if (this.#over) {
      throw new Error('The exchange is over');
    }
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ReceivedHeaders,
  ): void {
    // Informational answers come before the one that counts (RFC 9110, section 15.2).
    if (status >= 200) {
      this.#answer = { status, headers: keepHeaders(headers) };
    }
  }

  onResponseData(
    _controller: Dispatcher.DispatchController,
    chunk: Buffer,
  ): void {
    if (this.#over) {
      return;
    }
    this.#body.add(chunk);
    if (this.#body.cut) {
      this.#settleAnswered();
      this.#drop();
    }
  }

  onResponseEnd(): void {
    this.#settleAnswered();
  }

  onResponseError(
    _controller: Dispatcher.DispatchController,
    error: unknown,
  ): void {
    this.fail(error);
  }

  #timeOut(): void {
    const limit = `within ${this.#options.timeLimitMs} ms`;
    const connected = this.#controller !== undefined;
    const unanswered = connected
      ? `No answer ${limit}`
      : `No connection ${limit}`;
    this.#settleFailed(
      'timed out',
      this.#answer
        ? `Answered ${this.#answer.status}, but the answer did not end ${limit}`
        : unanswered,
    );
    this.#drop();
  }

  #cancel(): void {
    this.#settle({ kind: 'cancelled', durationMs: this.#durationMs });
    this.#drop();
  }

  #settleAnswered(): void {
    if (this.#answer && !this.#over) {
      this.#settle({
        kind: 'answered',
        ...this.#answer,
        body: this.#body.read(),
        cut: this.#body.cut,
        durationMs: this.#durationMs,
      });
    }
  }

  #settleFailed(reason: FailureReason, message: string): void {
    this.#settle({
      kind: 'failed',
      reason,
      message,
      durationMs: this.#durationMs,
    });
  }

  #settle(result: SendResult): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.settle(result);
  }

  /** Closes the connection, which is the one way not to be sent the rest. */
  #drop(): void {
    this.#controller?.abort(new Error('The exchange is over'));
  }

  get #durationMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }
}
