import type { GrantedToken, TokenAnswer } from './readTokenAnswer';

interface KeptToken {
  token: string;
  /** From then on another one is asked for. */
  untilMs: number;
}

/** A request for a token, and who waits for it. */
interface Asking {
  answer: Promise<TokenAnswer>;
  askers: number;
  controller: AbortController;
}

interface TokenKeeperOptions {
  /** Asks for a token. */
  ask(signal: AbortSignal): Promise<TokenAnswer>;
  /** In milliseconds, from any start. */
  clock(): number;
}

/** The longest time before its end that a token is not used any more, in milliseconds: a request takes up to 30 s. */
const longestMarginMs = 60_000;
/** Of a token that lives for less than ten minutes, a part, so that it is used at all. */
const marginShare = 0.1;

/**
 * How long nothing is forgotten after a token was, in milliseconds. Requests that were under way with it are refused too,
 * and say nothing of the next one; and a receiver that refuses every token is not to cause a request for another before
 * each event.
 */
const rejectionPauseMs = 10_000;

/**
 * Keeps an access token until shortly before it ends. There is one request for a token at a time, whoever waits for it;
 * when nobody does any more, it is given up.
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  #kept: KeptToken | undefined;
  #asking: Asking | undefined;
  #rejectedAtMs = -Infinity;

  constructor(options: TokenKeeperOptions) {
    this.#options = options;
  }

  /**
   * Gives the token.
   *
   * @param signal - gives up waiting for it
   * @returns undefined when that was given up
   */
  async get(
    signal?: AbortSignal,
  ): Promise<{ token: string } | { problem: string } | undefined> {
    if (this.#kept && this.#options.clock() < this.#kept.untilMs) {
      return { token: this.#kept.token };
    }
    if (signal?.aborted) {
      return undefined;
    }
    this.#asking ??= this.#startAsking();
    const asking = this.#asking;
    asking.askers += 1;
    try {
      return await waitFor(asking.answer, signal);
    } finally {
      asking.askers -= 1;
      if (asking.askers === 0) {
        this.#endAsking(asking);
      }
    }
  }

  /** Forgets the token, which its receiver refused; unless one was forgotten a moment ago. */
  reject(): void {
    const nowMs = this.#options.clock();
    if (this.#kept && nowMs - this.#rejectedAtMs >= rejectionPauseMs) {
      this.#kept = undefined;
      this.#rejectedAtMs = nowMs;
    }
  }

  #startAsking(): Asking {
    const controller = new AbortController();
    const answer = this.#ask(controller.signal);
    return { answer, askers: 0, controller };
  }

  /** Whoever comes next asks anew, also while this one is still ending. */
  #endAsking(asking: Asking): void {
    asking.controller.abort();
    if (this.#asking === asking) {
      this.#asking = undefined;
    }
  }

  async #ask(signal: AbortSignal): Promise<TokenAnswer> {
    // Its life began at the server between the request and the answer.
    const askedAtMs = this.#options.clock();
    const answer = await this.#options.ask(signal);
    if ('token' in answer) {
      this.#kept = { token: answer.token, untilMs: askedAtMs + useFor(answer) };
    }
    return answer;
  }
}

function useFor({ lifetimeMs }: GrantedToken): number {
  return lifetimeMs - Math.min(longestMarginMs, lifetimeMs * marginShare);
}

async function waitFor<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (!signal) {
    return await promise;
  }
  let giveUp = () => {};
  const aborted = new Promise<undefined>(resolve => {
    giveUp = () => resolve(undefined);
  });
  signal.addEventListener('abort', giveUp);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
