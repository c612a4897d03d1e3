import type {
  AuthService,
  DiscoveryService,
} from '@backstage/backend-plugin-api';
import { ResponseError, ServiceUnavailableError } from '@backstage/errors';
import type { z } from 'zod';
import { SubscriptionMissingError } from '../handling/SubscriptionAccess';

/** How long a token is used before the next is asked for, in milliseconds; far less than it is good for. */
const tokenUseMs = 60_000;
/** How long a token may take, in milliseconds. */
const tokenLimitMs = 10_000;
/**
 * Answers after which the same request may succeed later: a proxy or the process behind it is away or busy. 401 is one
 * of them: it is what a portal answers that cannot fetch the keys of its caller for the moment.
 */
const passingStatus = new Set([401, 408, 425, 429, 502, 503, 504]);

/** How long the rest of an answer may take that has begun, in milliseconds, when its caller gives up. */
const restLimitMs = 5_000;

/** The server could not be asked, or could not answer for now. */
export class BusUnavailableError extends ServiceUnavailableError {}

/** A request of bus v2. */
interface BusRequest<T> {
  method: 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** As JSON text. */
  body?: string;
  timeLimitMs: number;
  /** Gives up the request. An answer that has begun is read all the same: what it hands over counts as taken. */
  signal?: AbortSignal;
  answer?: z.ZodType<T>;
}

interface RequestToken {
  promise: Promise<string>;
  /** On the clock of `performance.now()`. */
  until: number;
}

/**
 * Sends the requests of bus v2 on behalf of one plugin.
 */
export class BusClient {
  readonly #discovery: DiscoveryService;
  readonly #auth: AuthService;
  #token: RequestToken | undefined;

  constructor(options: { discovery: DiscoveryService; auth: AuthService }) {
    this.#discovery = options.discovery;
    this.#auth = options.auth;
  }

  /**
   * Sends a request and reads its answer.
   *
   * @param request.path - below `/api/events/bus/v2`
   * @param request.timeLimitMs - for all of it, in milliseconds
   * @param request.answer - what the answer is; without it the answer is not read
   * @returns undefined for an answer without content
   * @throws BusUnavailableError when the same request may succeed later
   * @throws ResponseError when the server refuses it
   */
  async send<T>(request: BusRequest<T>): Promise<T | undefined> {
    const { timeLimitMs, signal } = request;
    // Not AbortSignal.any: it keeps what it makes for as long as the signal lives (nodejs/node#54614).
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, timeLimitMs);
    let hasBegun = false;
    let restTimer: NodeJS.Timeout | undefined;
    const giveUp = () => {
      if (hasBegun) {
        restTimer = setTimeout(end, restLimitMs);
      } else {
        end();
      }
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      signal?.throwIfAborted();
      // Discovery and the service that makes tokens know no signal, and may hang like any request.
      const ended = new Promise<never>((_, reject) => {
        ending.signal.addEventListener('abort', () =>
          reject(
            new BusUnavailableError(
              `The events plugin did not answer within ${timeLimitMs} ms`,
            ),
          ),
        );
      });
      return await Promise.race([
        this.#exchange(request, ending.signal, () => {
          hasBegun = true;
        }),
        ended,
      ]);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      clearTimeout(restTimer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async #exchange<T>(
    { method, path, body, answer }: BusRequest<T>,
    signal: AbortSignal,
    onBegun: () => void,
  ): Promise<T | undefined> {
    let response: Response;
    let token: string | undefined;
    let text: string;
    try {
      const [url, freshToken] = await Promise.all([
        this.#discovery.getBaseUrl('events'),
        this.#getToken(),
      ]);
      token = freshToken;
      response = await fetch(`${url}/bus/v2${path}`, {
        method,
        body,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        signal,
      });
      onBegun();
      // An answer that is not read to its end keeps its connection from being used again.
      text = response.ok ? await response.text() : '';
    } catch (error) {
      throw new BusUnavailableError(
        'The events plugin cannot be reached; see whether its process runs, and what discovery says of it',
        error,
      );
    }
    if (!response.ok) {
      if (response.status === 401) {
        await this.#forgetToken(token);
      }
      const refusal = await ResponseError.fromResponse(response);
      throw mayPass(refusal)
        ? new BusUnavailableError(
            `The events plugin is not available: ${response.status}; if that goes on, see whether discovery leads to a backend with Callboard's events plugin, and whether that backend finds this one`,
            refusal,
          )
        : refusal;
    }
    return answer && response.status !== 204
      ? answer.parse(JSON.parse(text))
      : undefined;
  }

  #getToken(): Promise<string> {
    const now = performance.now();
    if (!this.#token || now > this.#token.until) {
      const token = {
        promise: this.#requestToken(),
        until: now + tokenUseMs,
      };
      this.#token = token;
      // One that hangs must not be what all further requests wait for.
      const timer = setTimeout(() => this.#forget(token), tokenLimitMs);
      timer.unref();
      token.promise
        .catch(() => this.#forget(token))
        .finally(() => clearTimeout(timer));
    }
    return this.#token.promise;
  }

  /** Forgets a token that was refused, unless a newer one has taken its place. */
  async #forgetToken(refused: string): Promise<void> {
    const token = this.#token;
    if (token && (await token.promise.catch(() => undefined)) === refused) {
      this.#forget(token);
    }
  }

  #forget(token: RequestToken): void {
    if (this.#token === token) {
      this.#token = undefined;
    }
  }

  async #requestToken(): Promise<string> {
    const { token } = await this.#auth.getPluginRequestToken({
      onBehalfOf: await this.#auth.getOwnServiceCredentials(),
      targetPluginId: 'events',
    });
    return token;
  }
}

/**
 * Whether the same request may succeed later. A portal answers 404 before its plugins have their paths, so 404 is final
 * only when the bus itself says it.
 */
function mayPass({ response, body }: ResponseError): boolean {
  return response.status === 404
    ? body.error.name !== SubscriptionMissingError.name
    : passingStatus.has(response.status);
}
