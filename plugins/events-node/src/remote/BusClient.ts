import type {
  AuthService,
  DiscoveryService,
} from '@backstage/backend-plugin-api';
import { ResponseError, ServiceUnavailableError } from '@backstage/errors';
import type { z } from 'zod';

/** How long a token is used before the next is asked for, in milliseconds; far less than it is good for. */
const tokenUseMs = 60_000;
/** Answers after which the same request may succeed later: a proxy or the process behind it is away or busy. */
const passingStatus = new Set([408, 425, 429, 502, 503, 504]);

/** The server could not be asked, or could not answer for now. */
export class BusUnavailableError extends ServiceUnavailableError {}

/**
 * Sends the requests of bus v2 on behalf of one plugin.
 */
export class BusClient {
  readonly #discovery: DiscoveryService;
  readonly #auth: AuthService;
  #token: { promise: Promise<string>; until: number } | undefined;

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
  async send<T>(request: {
    method: 'POST' | 'PUT' | 'DELETE';
    path: string;
    /** As JSON text. */
    body?: string;
    timeLimitMs: number;
    signal?: AbortSignal;
    answer?: z.ZodType<T>;
  }): Promise<T | undefined> {
    const { method, path, body, timeLimitMs, signal, answer } = request;
    const limit = AbortSignal.timeout(timeLimitMs);
    let response: Response;
    let text: string;
    try {
      const [url, token] = await Promise.all([
        this.#discovery.getBaseUrl('events'),
        this.#getToken(),
      ]);
      response = await fetch(`${url}/bus/v2${path}`, {
        method,
        body,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      // An answer that is not read to its end keeps its connection from being used again.
      text = response.ok ? await response.text() : '';
    } catch (error) {
      signal?.throwIfAborted();
      throw new BusUnavailableError(
        'The events plugin cannot be reached; see whether its process runs, and what discovery says of it',
        error,
      );
    }
    if (!response.ok) {
      if (response.status === 401) {
        this.#token = undefined;
      }
      const refusal = await ResponseError.fromResponse(response);
      throw passingStatus.has(response.status)
        ? new BusUnavailableError(
            `The events plugin is not available: ${response.status}`,
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
      const promise = this.#requestToken();
      this.#token = { promise, until: now + tokenUseMs };
      promise.catch(() => {
        this.#token = undefined;
      });
    }
    return this.#token.promise;
  }

  async #requestToken(): Promise<string> {
    const { token } = await this.#auth.getPluginRequestToken({
      onBehalfOf: await this.#auth.getOwnServiceCredentials(),
      targetPluginId: 'events',
    });
    return token;
  }
}
