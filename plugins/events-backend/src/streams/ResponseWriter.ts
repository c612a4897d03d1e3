import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Writes to a reader no faster than it takes.
 *
 * @remarks
 * Node.js keeps what a socket does not take. So after each write that the socket did not take at once nothing more is
 * written until it has, and no more than one text is ever kept.
 */
export class ResponseWriter {
  readonly #response: ServerResponse;
  readonly #stallLimitMs: number;

  /** @param stallLimitMs - a reader that takes nothing for so long is disconnected, in milliseconds */
  constructor(response: ServerResponse, stallLimitMs: number) {
    this.#response = response;
    this.#stallLimitMs = stallLimitMs;
    // Node.js counts from when the system last took something of what waits, so a slow reader of a large event is not
    // cut. The system takes some megabytes at a time.
    response.on('timeout', () => response.destroy());
  }

  /**
   * Writes a text, and waits until the socket wants more.
   *
   * @param signal - ends the wait; what was written is whole all the same
   */
  async write(text: string, signal: AbortSignal): Promise<void> {
    const response = this.#response;
    if (response.destroyed || response.write(text)) {
      return;
    }
    response.setTimeout(this.#stallLimitMs);
    try {
      await once(response, 'drain', { signal });
      response.setTimeout(0);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** Ends the response, and cuts a reader that does not take the rest of it. */
  async end(limitMs: number): Promise<void> {
    const response = this.#response;
    if (response.closed) {
      return;
    }
    const cut = setTimeout(() => response.destroy(), limitMs);
    const closed = once(response, 'close');
    response.end();
    await closed;
    clearTimeout(cut);
  }
}
