import type { SecureContextOptions } from 'node:tls';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Agent } from 'undici';
import type { Endpoint, EndpointAttempt, OpenSecrets } from '../../endpoints';
import { createAuthorizer, readTlsOptions } from '../authenticating';
import { createGuardedAgent, type Guard, type ProxyOptions } from '../guard';
import { hideSecrets, listSecrets } from './hideSecrets';
import { joinHeaders, makeContent, maskHeaders, nameBatch } from '../requests';
import {
  classifyAnswer,
  sendRequest,
  type SendResult,
  type Verdict,
} from '../sending';
import { parseSigner, signRequest, type Signer } from '../signing';

/** How requests leave. */
export interface SendingOptions {
  guard: Guard;
  /** Default: none. */
  proxy?: ProxyOptions;
  /** What the `source` of CloudEvents begins with. */
  source?: string;
  /** What is signed and noted as the time, in milliseconds since the epoch. */
  now(): number;
}

/** One request, and what came of it. */
export interface SentRequest
  extends Pick<
    EndpointAttempt,
    'messageId' | 'startedAtMs' | 'durationMs' | 'status' | 'request' | 'answer'
  > {
  verdict: Verdict;
}

/** A request as it would be sent, for people: secrets are masked. */
export interface RequestPreview {
  messageId: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * Idle connections are closed after so long, in milliseconds, or sooner if the receiver says so: most close them after
 * five seconds, and a request that is on its way then fails.
 */
const keepAliveMs = 4_000;

/** Makes, signs and sends the requests of one endpoint, over connections of its own: none waits for another's. */
export class EndpointSender {
  readonly #endpoint: Endpoint;
  readonly #secrets: OpenSecrets;
  readonly #options: SendingOptions;
  /** Neither the URL nor the allow-list changes; addresses are judged at each connect. */
  readonly #judged: ReturnType<Guard['checkUrl']>;
  readonly #signers: readonly Signer[];
  /** In small letters. */
  readonly #secretNames: readonly string[];
  readonly #agent: Agent;
  readonly #tokenAgent: Agent | undefined;
  readonly #authorizer: ReturnType<typeof createAuthorizer>;

  /**
   * @throws Error for people, when its keys or certificates cannot be read
   */
  constructor(
    endpoint: Endpoint,
    secrets: OpenSecrets,
    options: SendingOptions,
  ) {
    const { url, auth, tls, timeLimitMs, concurrency } = endpoint.settings;
    this.#endpoint = endpoint;
    this.#judged = options.guard.checkUrl(url);
    this.#secrets = secrets;
    this.#options = options;
    this.#signers = secrets.signing.map(parseSigner);
    this.#secretNames = Object.keys(secrets.headers).map(name =>
      name.toLowerCase(),
    );
    const connecting = {
      guard: options.guard,
      proxy: options.proxy,
      connectTimeLimitMs: timeLimitMs,
      connections: {
        connections: concurrency,
        pipelining: 1,
        keepAliveTimeout: keepAliveMs,
        keepAliveMaxTimeout: keepAliveMs,
      },
    };
    this.#agent = createGuardedAgent({
      ...connecting,
      tls: readTls(tls, secrets.tlsKey),
    });
    // The issuer of tokens is another party than the receiver: neither its authorities nor our certificate are meant for it.
    this.#tokenAgent =
      auth?.type === 'oauth2' ? createGuardedAgent(connecting) : undefined;
    const tokenAgent = this.#tokenAgent ?? this.#agent;
    this.#authorizer = createAuthorizer({
      auth,
      secrets,
      send: request => sendRequest({ ...request, dispatcher: tokenAgent }),
    });
  }

  /** Sends some events as one request, which carries a batch if the endpoint takes batches. Never rejects. */
  async send(
    events: readonly LogEvent[],
    signal?: AbortSignal,
  ): Promise<SentRequest> {
    const { url, timeLimitMs } = this.#endpoint.settings;
    const startedAtMs = this.#options.now();
    const start = performance.now();
    const messageId = this.#nameMessage(events);
    const unsent = (verdict: Verdict): SentRequest => ({
      messageId,
      startedAtMs,
      durationMs: performance.now() - start,
      verdict,
      status: undefined,
      request: { url, headers: {}, bytes: 0 },
      answer: undefined,
    });
    try {
      if (!this.#judged.allowed) {
        return unsent(fail(`Not sent: ${this.#judged.reason}`));
      }
      const authorized = await this.#authorize(signal);
      if ('problem' in authorized) {
        return signal?.aborted
          ? unsent({ kind: 'cancelled', reason: 'Given up before it was sent' })
          : unsent(fail(`Not sent: ${authorized.problem}`));
      }
      const { headers, body } = this.#make(
        events,
        messageId,
        authorized.headers,
      );
      const leftMs = Math.ceil(timeLimitMs - (performance.now() - start));
      const result = await sendRequest({
        dispatcher: this.#agent,
        url,
        headers,
        body,
        timeLimitMs: Math.max(1, leftMs),
        signal,
      });
      if (result.kind === 'answered' && result.status === 401) {
        this.#authorizer.reject();
      }
      return {
        messageId,
        startedAtMs,
        durationMs: performance.now() - start,
        verdict: classifyAnswer(result, this.#options.now()),
        request: {
          url,
          headers: maskHeaders(headers, this.#secretNames),
          bytes: body.length,
        },
        ...describeAnswer(result, listSecrets(headers, this.#secretNames)),
      };
    } catch (error) {
      return unsent(
        fail(`Not sent: ${error instanceof Error ? error.message : error}`),
      );
    }
  }

  /** Makes what would be sent, without asking for a token. */
  preview(events: readonly LogEvent[]): RequestPreview {
    const messageId = this.#nameMessage(events);
    const { headers, body } = this.#make(events, messageId, {});
    return {
      messageId,
      url: this.#endpoint.settings.url,
      headers: maskHeaders(headers, this.#secretNames),
      body: body.toString('utf-8'),
    };
  }

  /** Closes its connections; requests that are under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#tokenAgent?.destroy()]);
  }

  /** A token that has to be asked for takes from the time of the exchange. */
  async #authorize(signal: AbortSignal | undefined) {
    const { auth, timeLimitMs } = this.#endpoint.settings;
    if (auth?.type !== 'oauth2') {
      return this.#authorizer.authorize(signal);
    }
    const judged = this.#options.guard.checkUrl(auth.tokenUrl);
    if (!judged.allowed) {
      return { problem: `auth.tokenUrl: ${judged.reason}` };
    }
    const limit = AbortSignal.timeout(timeLimitMs);
    return this.#authorizer.authorize(
      signal ? AbortSignal.any([signal, limit]) : limit,
    );
  }

  #nameMessage(events: readonly LogEvent[]): string {
    return this.#endpoint.settings.batch
      ? nameBatch(events.map(({ id }) => id))
      : events[0].id;
  }

  #make(
    events: readonly LogEvent[],
    messageId: string,
    auth: Readonly<Record<string, string>>,
  ): { headers: Record<string, string>; body: Buffer } {
    const { format, batch, headers, traceparent } = this.#endpoint.settings;
    const content = makeContent(events, {
      format,
      isBatch: batch !== undefined,
      source: this.#options.source,
      traceparent,
    });
    const signature = signRequest({
      id: messageId,
      timestampSeconds: Math.floor(this.#options.now() / 1_000),
      body: content.body,
      signers: this.#signers,
    });
    return {
      body: content.body,
      headers: joinHeaders({
        settings: headers,
        secrets: this.#secrets.headers,
        auth,
        content,
        signature,
      }),
    };
  }
}

function fail(reason: string): Verdict {
  return { kind: 'failed', fault: 'endpoint', reason };
}

function readTls(
  tls: Endpoint['settings']['tls'],
  tlsKey: string | undefined,
): SecureContextOptions | undefined {
  if (!tls) {
    return undefined;
  }
  const read = readTlsOptions(tls, tlsKey);
  if ('problem' in read) {
    throw new Error(read.problem);
  }
  return read.options;
}

function describeAnswer(
  result: SendResult,
  secrets: readonly string[],
): Pick<SentRequest, 'status' | 'answer'> {
  if (result.kind !== 'answered') {
    return { status: undefined, answer: undefined };
  }
  const { status, headers, body, cut } = result;
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[name, hideSecrets(value, secrets)] as const]
      : [],
  );
  return {
    status,
    answer: {
      headers: Object.fromEntries(kept),
      body: hideSecrets(body, secrets),
      cut,
    },
  };
}
