import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  request as requestHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { orderSchema, ordersPath, type Order, type Outcome } from '../orders';

/** A page that people look at. */
export interface Page {
  status: number;
  html: string;
}

/** What is behind the door. */
export interface Inside {
  /** The origin of the API. */
  api: string;
  /** @throws Error where GitHub would refuse the order */
  order(order: Order): Promise<Outcome>;
  renderPage(path: string): Page;
}

const longestOrderBytes = 10_000;

/**
 * The one address of the demo's GitHub, on this machine only: its API, its pages, and for whoever has the token a door
 * through which repositories are changed.
 */
export class FrontDoor {
  readonly host: string;
  readonly origin: string;
  readonly #port: number;
  readonly #token: Buffer;
  readonly #server: Server;
  #inside: Inside | undefined;

  constructor(options: { port: number; token: string }) {
    this.#port = options.port;
    this.host = `127.0.0.1:${options.port}`;
    this.origin = `http://${this.host}`;
    this.#token = Buffer.from(`Bearer ${options.token}`);
    this.#server = createServer((request, response) => {
      // Whoever is gone gets no answer.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /**
   * Takes the port. Until it is opened everything is answered with 503.
   *
   * @throws Error if the port is taken
   */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new Error(
        `The GitHub of the demo cannot listen on port ${
          this.#port
        }, perhaps because another demo runs: stop that one, or set DEMO_PORT to another port`,
        { cause: error },
      );
    }
  }

  open(inside: Inside): void {
    this.#inside = inside;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.origin);
    const inside = this.#inside;
    if (!inside) {
      sendJson(response, 503, { message: 'It is starting' });
    } else if (pathname.startsWith('/api/')) {
      await forward(request, response, new URL(inside.api));
    } else if (pathname === ordersPath) {
      const { status, body } = await this.#take(request, inside);
      sendJson(response, status, body);
    } else {
      const { status, html } = inside.renderPage(pathname);
      response.writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'",
      });
      response.end(html);
    }
  }

  async #take(
    request: IncomingMessage,
    inside: Inside,
  ): Promise<{ status: number; body: object }> {
    if (!this.#isAuthorized(request.headers.authorization)) {
      return { status: 401, body: { message: 'The token is wrong' } };
    }
    const body = await readBody(request);
    const order = orderSchema.safeParse(parseJson(body));
    if (!order.success) {
      return {
        status: 400,
        body: { message: z.prettifyError(order.error) },
      };
    }
    try {
      return { status: 200, body: await inside.order(order.data) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { status: 409, body: { message } };
    }
  }

  #isAuthorized(given: string = ''): boolean {
    const token = Buffer.from(given);
    return (
      token.length === this.#token.length && timingSafeEqual(token, this.#token)
    );
  }
}

/** Hands a request on as it is, and the answer back. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { hostname, port }: URL,
): Promise<void> {
  const forwarded = requestHttp({
    hostname,
    port,
    method: request.method,
    path: request.url,
    headers: request.headers,
  });
  const answered = once(forwarded, 'response');
  await Promise.all([
    pipeline(request, forwarded),
    answered.then(async ([answer]: IncomingMessage[]) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      await pipeline(answer, response);
    }),
  ]);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > longestOrderBytes) {
      throw new Error('The order is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
