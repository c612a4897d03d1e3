import type { Dispatcher } from 'undici';
import { Exchange } from './Exchange';
import type { SendResult } from './SendResult';

/** What is sent, and within which limits. */
export interface OutboundRequest {
  /**
   * What connects: decides which addresses may be reached, whether by a proxy, and how many connections are kept. It must
   * follow no redirects and repeat nothing, which dispatchers of undici do only when they are composed to. It should close
   * idle connections by a limit of its own: for one that is dropped, undici 7 opens another that nobody asked for, and
   * forgets it (nodejs/undici#5845).
   */
  dispatcher: Dispatcher;
  /** `http:` or `https:`. Credentials and a fragment in it are not sent. */
  url: string;
  /** By name, in any case. `accept-encoding` is ours. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** For the whole exchange, in milliseconds: waiting for a connection, connecting, sending, and the answer with its body. */
  timeLimitMs: number;
  /** Gives up the exchange. */
  signal?: AbortSignal;
  /** So much of the answer's body is read, in bytes; the connection of a longer answer is dropped. 16 KiB by default. */
  maxAnswerBytes?: number;
}

const defaultMaxAnswerBytes = 16 * 1024;

/**
 * Sends one POST request and reads the answer.
 *
 * The answer is asked for without compression, and never decompressed, so no small answer becomes a large one here.
 * When it is over within the limits, the connection stays open for the next request; otherwise it is dropped, which is
 * the one way not to be sent the rest.
 *
 * @returns what became of it; whatever goes wrong is a result too, a request that cannot be sent as it is included
 */
export function sendRequest({
  dispatcher,
  url,
  headers,
  body,
  timeLimitMs,
  signal,
  maxAnswerBytes = defaultMaxAnswerBytes,
}: OutboundRequest): Promise<SendResult> {
  return new Promise(resolve => {
    const exchange = new Exchange({
      timeLimitMs,
      signal,
      maxAnswerBytes,
      settle: resolve,
    });
    if (exchange.over) {
      return;
    }
    try {
      const { origin, pathname, search } = new URL(url);
      dispatcher.dispatch(
        {
          origin,
          path: `${pathname}${search}`,
          method: 'POST',
          headers: { ...withoutEncoding(headers), ...ourHeaders },
          body,
          // The exchange has a limit of its own, and one timer is cheaper than three.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        exchange,
      );
    } catch (error) {
      exchange.fail(error);
    }
  });
}

const ourHeaders = { 'accept-encoding': 'identity' };

function withoutEncoding(
  headers: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name.toLowerCase() !== 'accept-encoding',
    ),
  );
}
