import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AccessTokens } from './AccessTokens';
import { renderAnswer, renderFailure, type Answer } from './answers';
import { ApiError, notFound } from './ApiError';
import { GithubFaults } from './GithubFaults';
import { GithubModel } from './model/GithubModel';
import { enterpriseVersion } from './model/renderAccount';
import { RateLimits, type GithubResource } from './RateLimits';
import { ReadReplica } from './ReadReplica';
import { RequestCounter, type GithubRequestCounts } from './RequestCounter';
import { RequestHandler } from './RequestHandler';
import { DeliveryLog } from './webhooks/DeliveryLog';
import { WebhookSender } from './webhooks/WebhookSender';

/** @public */
export interface GithubServerOptions {
  /** What it serves; an empty one unless given. */
  model?: GithubModel;
  /** Logins by their personal tokens, with which every repository can be seen. The users must be in the model. */
  tokens?: Record<string, string>;
  /** How long a receiver of webhooks may take, in milliseconds; 10 s unless given, as at GitHub. */
  webhookTimeoutMs?: number;
  /** How long the delivery log goes back, in milliseconds; 3 days unless given, as at GitHub. */
  deliveryRetentionMs?: number;
  /** How many deliveries the log has at most; 10,000 unless given, which are some 100 MB. GitHub has no such limit. */
  maxDeliveries?: number;
  /** How much may be used in an hour; 5,000 each unless given. Without a token it is always 60. */
  rateLimits?: Partial<Record<GithubResource, number>>;
  /** How many entries of a tree REST lists; 100,000 unless given, as at GitHub. */
  maxTreeEntries?: number;
  /** What the random numbers of faults begin with; 1 unless given. */
  seed?: number;
  /** Where it listens; any free port unless given. */
  port?: number;
}

const dayMs = 86_400_000;

const failures = {
  outage: renderFailure(new ApiError(503, 'Service Unavailable')),
  'bad gateway': renderFailure(new ApiError(502, 'Server Error')),
  'not found': renderFailure(notFound()),
  interrupted: renderAnswer(200, {
    data: null,
    errors: [
      {
        message:
          'Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.',
      },
    ],
  }),
};

/**
 * A GitHub that runs on this machine: REST and GraphQL as a GitHub Enterprise Server has them, and webhooks that are
 * really sent.
 *
 * @example
 * ```ts
 * const github = new GithubServer();
 * const { model, faults } = github;
 * const { host, apiBaseUrl } = await github.start();
 * model.addOrganization('acme');
 * const { app, privateKey } = model.addApp({
 *   slug: 'callboard',
 *   webhook: { url: 'http://localhost:7007/api/events/http/github', secret },
 * });
 * model.installations.create({ appId: app.id, account: 'acme' });
 * model.repositories.create({
 *   owner: 'acme',
 *   name: 'site',
 *   files: { 'catalog-info.yaml': 'kind: Component' },
 * });
 *
 * faults.disturbWebhooks({ drop: 0.1, repeat: 0.1, shuffle: 20 });
 * model.branches.push('acme/site', {
 *   commits: [{ files: { 'catalog-info.yaml': null } }],
 * });
 * faults.releaseWebhooks();
 * await github.settleWebhooks();
 * ```
 *
 * @public
 */
export class GithubServer {
  readonly model: GithubModel;
  readonly deliveries: DeliveryLog;
  readonly faults: GithubFaults;
  readonly #sender: WebhookSender;
  readonly #handler: RequestHandler;
  readonly #counter = new RequestCounter();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #unsubscribe = () => {};

  constructor(options: GithubServerOptions = {}) {
    const { model = new GithubModel(), seed = 1, port = 0 } = options;
    const { state } = model;
    this.#port = port;
    this.model = model;
    this.deliveries = new DeliveryLog({
      now: state.now,
      retentionMs: options.deliveryRetentionMs ?? 3 * dayMs,
      maxDeliveries: options.maxDeliveries ?? 10_000,
    });
    this.#sender = new WebhookSender({
      state,
      log: this.deliveries,
      timeoutMs: options.webhookTimeoutMs ?? 10_000,
      seed,
    });
    const rateLimits = new RateLimits(state.now, options.rateLimits);
    const replica = new ReadReplica(state);
    this.faults = new GithubFaults({
      sender: this.#sender,
      rateLimits,
      replica,
    });
    this.#handler = new RequestHandler(
      {
        model,
        state,
        tokens: new AccessTokens(
          state,
          new Map(Object.entries(options.tokens ?? {})),
        ),
        deliveries: this.deliveries,
        sender: this.#sender,
        rateLimits,
        maxTreeEntries: options.maxTreeEntries ?? 100_000,
      },
      { counter: this.#counter, faults: this.faults, replica },
    );
    this.#server = createServer((request, response) => {
      // Whoever is gone before the end of the request gets no answer.
      this.#answer(request, response).catch(() => request.socket.destroy());
    });
    this.#server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Listens at a port of this machine, and sends webhooks from now on.
   *
   * @returns where it is, as `integrations.github` of Backstage wants it
   */
  async start(): Promise<{ origin: string; host: string; apiBaseUrl: string }> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    const host = `127.0.0.1:${port}`;
    const origin = `http://${host}`;
    this.model.setOrigin(origin);
    this.#unsubscribe = this.model.onWebhook(webhook =>
      this.#sender.send(webhook),
    );
    return { origin, host, apiBaseUrl: `${origin}/api/v3` };
  }

  /** Closes its port and all connections, and gives up what is on its way. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    const closed = this.#server.listening
      ? new Promise(resolve => this.#server.close(resolve))
      : undefined;
    this.#sockets.forEach(socket => socket.destroy());
    await Promise.all([closed, this.#sender.stop()]);
  }

  /** Resolves when every webhook that was sent has been answered, or has failed. */
  async settleWebhooks(): Promise<void> {
    await this.#sender.settle();
  }

  /** What was asked since the count was reset. */
  get requestCounts(): GithubRequestCounts {
    return this.#counter.read();
  }

  resetRequestCounts(): void {
    this.#counter.reset();
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', this.model.state.urls.web);
    const info = { method, path: url.pathname, body: body.toString() };
    const failure = this.faults.takeFailure(info);
    if (failure === undefined || failure === 'cut') {
      const answer = await this.#handler.handle({ method, url, headers, body });
      this.#send(response, answer, failure === 'cut');
      return;
    }
    this.#counter.count('failed');
    if (failure !== 'timeout') {
      this.#send(response, failures[failure]);
    }
  }

  #send(response: ServerResponse, answer: Answer, isCut = false): void {
    const { status, headers, body } = answer;
    response.writeHead(status, {
      ...headers,
      date: new Date(this.model.state.now()).toUTCString(),
      'x-github-enterprise-version': enterpriseVersion,
      ...(status === 304 || status === 204
        ? {}
        : { 'content-length': String(body.length) }),
    });
    if (isCut) {
      response.write(body.subarray(0, body.length / 2), () =>
        response.socket?.destroy(),
      );
    } else {
      response.end(body);
    }
  }
}
