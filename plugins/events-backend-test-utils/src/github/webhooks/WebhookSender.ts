import { createHmac, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GithubState } from '../model/GithubState';
import type { GithubWebhook } from '../model/payloads';
import type { DeliveryLog, GithubDelivery } from './DeliveryLog';
import { makeRandom, shuffle } from './makeRandom';
import { postWebhook, type WebhookOutcome } from './postWebhook';

/**
 * What goes wrong with webhooks. Shares are from 0 to 1.
 *
 * @public
 */
export interface GithubWebhookFaults {
  /** How many are never sent; the delivery log does not know them. */
  lose?: number;
  /** How many never arrive; the delivery log says that they failed. */
  drop?: number;
  /** How many are sent twice, with the same guid. */
  repeat?: number;
  /** How long each one waits before it is sent: a random time in between, in milliseconds. */
  delayMs?: { from: number; to: number };
  /** So many are gathered, and then sent in a random order. Those that are too few wait to be released. */
  shuffle?: number;
}

interface Message {
  guid: string;
  webhook: GithubWebhook;
  isRedelivery: boolean;
  isDropped: boolean;
}

/** So many webhooks are on their way to one receiver at once; the others wait for their turn. */
const maxConnections = 32;

/** Sends webhooks over HTTP, once each, and keeps what became of them. */
export class WebhookSender {
  readonly #state: GithubState;
  readonly #log: DeliveryLog;
  readonly #timeoutMs: number;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #gathered: Message[] = [];
  #held: GithubWebhook[] | undefined;
  #faults: GithubWebhookFaults = {};

  constructor(options: {
    state: GithubState;
    log: DeliveryLog;
    timeoutMs: number;
    seed: number;
  }) {
    this.#state = options.state;
    this.#log = options.log;
    this.#timeoutMs = options.timeoutMs;
    this.#random = makeRandom(options.seed);
    // Each webhook that is on its way listens to it.
    setMaxListeners(0, this.#stopped.signal);
  }

  setFaults(faults: GithubWebhookFaults): void {
    this.release();
    this.#faults = faults;
  }

  /** Keeps what comes from now on until it is resumed. */
  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.forEach(webhook => this.send(webhook));
  }

  send(webhook: GithubWebhook): void {
    if (this.#held) {
      this.#held.push(webhook);
      return;
    }
    if (this.#happens(this.#faults.lose)) {
      return;
    }
    const message = { guid: randomUUID(), webhook, isRedelivery: false };
    const copies = this.#happens(this.#faults.repeat) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isDropped = this.#happens(this.#faults.drop);
      this.#gathered.push({ ...message, isDropped });
    }
    if (this.#gathered.length >= (this.#faults.shuffle ?? 1)) {
      this.release();
    }
  }

  /** Sends what was gathered to be shuffled. */
  release(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    const messages = this.#faults.shuffle
      ? shuffle(gathered, this.#random)
      : gathered;
    messages.forEach(message => this.#start(message));
  }

  /** Sends a webhook again, with the same guid and body. */
  redeliver({ guid, webhook }: GithubDelivery): void {
    this.#start({ guid, webhook, isRedelivery: true, isDropped: false });
  }

  /** Resolves when everything that was sent has been answered, or has failed. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  /** Ends what is on its way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#agent.destroy();
    await this.settle();
  }

  #start(message: Message): void {
    const running = this.#run(message);
    this.#running.add(running);
    running.finally(() => this.#running.delete(running));
  }

  async #run(message: Message): Promise<void> {
    const { signal } = this.#stopped;
    const { delayMs } = this.#faults;
    if (delayMs) {
      const { from, to } = delayMs;
      const ms = from + this.#random() * (to - from);
      await sleep(ms, undefined, { signal }).catch(() => {});
    }
    const { guid, webhook, isRedelivery, isDropped } = message;
    const { url } = webhook.hook;
    const body = Buffer.from(JSON.stringify(webhook.payload));
    const headers = this.#makeHeaders(message, body);
    const deliveredMs = this.#state.now();
    const outcome: WebhookOutcome = isDropped
      ? { status: 'failed to connect to host', statusCode: 502, durationMs: 0 }
      : await postWebhook({
          url,
          headers,
          body,
          timeoutMs: this.#timeoutMs,
          agent: this.#agent,
          signal,
        });
    if (signal.aborted) {
      return;
    }
    this.#log.add({
      guid,
      webhook,
      isRedelivery,
      deliveredMs,
      durationMs: outcome.durationMs,
      status: outcome.status,
      statusCode: outcome.statusCode,
      request: { headers, url },
      response: outcome.response,
    });
  }

  /** @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers */
  #makeHeaders(
    { guid, webhook }: Message,
    body: Buffer,
  ): Record<string, string> {
    const { id, secret, targetType, targetId } = webhook.hook;
    const sign = (algorithm: string) =>
      createHmac(algorithm, secret).update(body).digest('hex');
    return {
      Accept: '*/*',
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      'User-Agent': 'GitHub-Hookshot/044aadd',
      'X-GitHub-Delivery': guid,
      'X-GitHub-Enterprise-Host': new URL(this.#state.urls.web).host,
      'X-GitHub-Event': webhook.event,
      'X-GitHub-Hook-ID': String(id),
      'X-GitHub-Hook-Installation-Target-ID': String(targetId),
      'X-GitHub-Hook-Installation-Target-Type': targetType,
      'X-Hub-Signature': `sha1=${sign('sha1')}`,
      'X-Hub-Signature-256': `sha256=${sign('sha256')}`,
    };
  }

  #happens(share: number | undefined = 0): boolean {
    return share > 0 && this.#random() < share;
  }
}
