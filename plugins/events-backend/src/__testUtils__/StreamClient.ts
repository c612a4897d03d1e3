import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  wholeEventSchema,
  type WholeEvent,
} from '@callboard/backstage-plugin-events-common';

/**
 * A client of the stream that reads as the specification says, and keeps what it is given. Each connection is one of
 * its own, so that nothing of it is left when it hangs up.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class StreamClient {
  readonly events: WholeEvent[] = [];
  readonly comments: string[] = [];
  /** As of the last complete block, whether it was an event or not. */
  lastEventId = '';
  /** Resolves when the connection has ended, by whomever. */
  ended: Promise<void> = Promise.resolve();

  readonly #url: string;
  readonly #headers: Record<string, string>;
  #response: IncomingMessage | undefined;
  #parts: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  /**
   * Connects, or connects again behind the last id.
   *
   * @param dropAfterBytes - hangs up when it has read so much, wherever that is
   * @returns the answer; its body when it is not a stream
   */
  async connect(dropAfterBytes = Infinity): Promise<{
    status: number | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }> {
    const request = get(this.#url, {
      agent: false,
      headers: {
        ...this.#headers,
        ...(this.lastEventId && { 'Last-Event-ID': this.lastEventId }),
      },
    });
    const [response]: IncomingMessage[] = await once(request, 'response');
    const { statusCode: status, headers } = response;
    if (status !== 200) {
      return { status, headers, body: await text(response) };
    }
    this.#response = response;
    this.ended = this.#read(response, dropAfterBytes);
    return { status, headers, body: '' };
  }

  /** Hangs up. */
  async drop(): Promise<void> {
    this.#response?.destroy();
    await this.ended;
  }

  /** Resolves when something is true; looked at whenever something has come. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  async #read(
    response: IncomingMessage,
    dropAfterBytes: number,
  ): Promise<void> {
    const decoder = new TextDecoder();
    let left = dropAfterBytes;
    this.#parts = [];
    response.on('data', (chunk: Buffer) => {
      this.#take(decoder.decode(chunk.subarray(0, left), { stream: true }));
      left -= chunk.length;
      if (left <= 0) {
        response.destroy();
      }
    });
    // Whoever hangs up in the middle is told so as an error.
    response.on('error', () => {});
    await once(response, 'close');
  }

  #take(part: string): void {
    const before = this.#parts.at(-1) ?? '';
    this.#parts.push(part);
    // A large event comes in many parts; it is put together when its end has come.
    if (!(before.slice(-1) + part).includes('\n\n')) {
      return;
    }
    const blocks = this.#parts.join('').split('\n\n');
    this.#parts = [blocks.pop() ?? ''];
    blocks.forEach(block => this.#takeBlock(block));
    this.#waiting.splice(0).forEach(resolve => resolve());
  }

  #takeBlock(block: string): void {
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === '') {
        this.comments.push(value);
      } else if (field === 'id') {
        this.lastEventId = value;
      } else if (field === 'data') {
        data.push(value);
      }
    }
    if (data.length > 0) {
      this.events.push(wholeEventSchema.parse(JSON.parse(data.join('\n'))));
    }
  }
}
