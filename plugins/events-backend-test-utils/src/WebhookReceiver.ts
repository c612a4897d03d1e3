import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

/**
 * A request as it came.
 *
 * @public
 */
export interface ReceivedRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** When its body was there, in milliseconds since the epoch. */
  receivedMs: number;
  /** Which connection it came by, from 0. */
  connection: number;
  /** Resolves when that connection is closed. */
  closed: Promise<void>;
}

/**
 * How a request is answered.
 *
 * @public
 */
export type ReceiverAnswer =
  | {
      kind: 'answer';
      status: number;
      headers?: Record<string, string>;
      body?: string | Uint8Array;
      /** How long it takes, in milliseconds. */
      afterMs?: number;
    }
  /** Not even headers. */
  | { kind: 'hang' }
  /** A body of which a byte comes now and then, without end. */
  | { kind: 'drip'; status: number; everyMs: number }
  /** A connection that is reset: after the beginning of an answer, or without one. */
  | { kind: 'reset'; status?: number }
  /** A body that is sent as fast as it is read. */
  | { kind: 'flood'; status: number; bytes: number }
  /** A body that is 1,000 times as large when it is decompressed. */
  | { kind: 'gzip bomb'; status: number; decompressedBytes: number };

/** @public */
export interface WebhookReceiverOptions {
  /** Makes it speak HTTPS; both in PEM. */
  tls?: { key: string; cert: string };
  /** By default each request is answered 200. */
  answer?: ReceiverAnswer | ((request: ReceivedRequest) => ReceiverAnswer);
}

/**
 * Receives webhooks at a port of this machine, keeps them, and answers as it is told.
 *
 * @public
 */
export class WebhookReceiver {
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';
  /** Connections by which requests can come: with TLS, those of which the handshake is over. */
  readonly #connections: { socket: Socket; closed: Promise<void> }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #requests: ReceivedRequest[] = [];
  readonly #waiting = new Set<() => void>();
  #answer: NonNullable<WebhookReceiverOptions['answer']>;

  constructor(options: WebhookReceiverOptions = {}) {
    const { tls, answer = { kind: 'answer', status: 200 } } = options;
    this.#answer = answer;
    this.#scheme = tls ? 'https' : 'http';
    this.#server = tls ? createTlsServer(tls) : createServer();
    // Nothing but its answers ends an exchange.
    this.#server.requestTimeout = 0;
    this.#server.on('connection', socket => this.#track(socket));
    this.#server.on(
      tls ? 'secureConnection' : 'connection',
      (socket: Socket) => {
        const closed = this.#track(socket);
        this.#connections.push({ socket, closed });
      },
    );
    this.#server.on('request', (request, response) =>
      this.#receive(request, response),
    );
  }

  /** @returns its URL, without a path */
  async start(): Promise<string> {
    await new Promise<void>(resolve =>
      this.#server.listen(0, '127.0.0.1', resolve),
    );
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}`;
  }

  /** Closes its port and all connections, whatever goes on. */
  async stop(): Promise<void> {
    const closed = this.#server.listening
      ? new Promise(resolve => this.#server.close(resolve))
      : undefined;
    this.#sockets.forEach(socket => socket.destroy());
    await closed;
  }

  /** Chooses the answer to the requests from now on. */
  answerWith(answer: NonNullable<WebhookReceiverOptions['answer']>): void {
    this.#answer = answer;
  }

  /** What came so far, in the order in which it was complete. */
  get requests(): readonly ReceivedRequest[] {
    return this.#requests;
  }

  /** How many connections were opened so far. */
  get connections(): number {
    return this.#connections.length;
  }

  /** How many bytes were written so far, over all connections; those that wait in the kernel are counted too. */
  get bytesWritten(): number {
    return this.#connections.reduce(
      (sum, { socket }) => sum + socket.bytesWritten,
      0,
    );
  }

  /**
   * Waits until so many requests have come, since the start.
   *
   * @returns all that came
   */
  async waitFor(count: number): Promise<readonly ReceivedRequest[]> {
    while (this.#requests.length < count) {
      await new Promise<void>(resolve => this.#waiting.add(resolve));
    }
    return this.#requests;
  }

  #tellWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    waiting.forEach(resolve => resolve());
  }

  async #track(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    await new Promise(resolve => socket.once('close', resolve));
    this.#sockets.delete(socket);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const connection = this.#connections.findIndex(
        ({ socket }) => socket === request.socket,
      );
      const received: ReceivedRequest = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        receivedMs: Date.now(),
        connection,
        closed: this.#connections[connection].closed,
      };
      this.#requests.push(received);
      const answer = this.#answer;
      give(
        typeof answer === 'function' ? answer(received) : answer,
        response,
        request.socket,
      );
      this.#tellWaiting();
    });
  }
}

function give(
  answer: ReceiverAnswer,
  response: ServerResponse,
  socket: Socket,
): void {
  switch (answer.kind) {
    case 'answer': {
      const { status, headers, body, afterMs = 0 } = answer;
      const send = () => response.writeHead(status, headers).end(body);
      if (afterMs === 0) {
        send();
        return;
      }
      const timer = setTimeout(send, afterMs);
      response.on('close', () => clearTimeout(timer));
      return;
    }
    case 'hang':
      return;
    case 'drip': {
      response.writeHead(answer.status).flushHeaders();
      const timer = setInterval(() => response.write('.'), answer.everyMs);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case 'reset':
      if (answer.status === undefined) {
        reset(socket);
        return;
      }
      response.writeHead(answer.status, { 'content-length': '1000' });
      response.write('a beginning', () => reset(socket));
      return;
    case 'flood':
      response.writeHead(answer.status, { 'content-length': answer.bytes });
      stream(repeat(Buffer.alloc(65_536, '.'), answer.bytes), response);
      return;
    case 'gzip bomb': {
      response.writeHead(answer.status, { 'content-encoding': 'gzip' });
      // A file of gzip may have many members, one after the other (RFC 1952, section 2.2).
      const member = gzipSync(Buffer.alloc(1_000_000));
      const members = Math.ceil(answer.decompressedBytes / 1_000_000);
      stream(repeat(member, members * member.length), response);
      return;
    }
    default:
      throw new Error(`Unknown answer ${JSON.stringify(answer)}`);
  }
}

/** Node.js resets plain TCP only; a connection with TLS is closed without the end that TLS demands. */
function reset(socket: Socket): void {
  if ('encrypted' in socket) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

function* repeat(chunk: Buffer, bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    yield chunk.subarray(0, left);
  }
}

function stream(chunks: Iterable<Buffer>, response: ServerResponse): void {
  // Whoever has enough closes the connection, which is no failure here.
  pipeline(Readable.from(chunks), response, () => {});
}
