import { createHmac, randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import type { GithubState } from '../model/GithubState';
import type { GithubWebhook } from '../model/payloads';
import type { GithubHook } from '../model/records';
import { enterpriseVersion } from '../model/renderAccount';
import type { DeliveryLog, GithubSentWebhook } from './DeliveryLog';
import { makeRandom, shuffle } from './makeRandom';
import { postWebhook } from './postWebhook';

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
  webhook: GithubSentWebhook;
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
  readonly #running = new Set<Promise<unknown>>();
  /** What ends each thing that is on its way. */
  readonly #endings = new Set<() => void>();
  #isStopped = false;
  #gathered: Message[] = [];
  #held: GithubSentWebhook[] | undefined;
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
    held.forEach(webhook => this.#send(webhook));
  }

  send(webhook: GithubWebhook): void {
    const { event, payload, hook, installationId, repositoryId } = webhook;
    this.#send({
      guid: randomUUID(),
      event,
      action: 'action' in payload ? payload.action : undefined,
      hook,
      installationId,
      repositoryId,
      body: Buffer.from(JSON.stringify(payload)),
    });
  }

  #send(webhook: GithubSentWebhook): void {
    if (this.#held) {
      this.#held.push(webhook);
      return;
    }
    if (this.#happens(this.#faults.lose)) {
      return;
    }
    const copies = this.#happens(this.#faults.repeat) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isDropped = this.#happens(this.#faults.drop);
      this.#gathered.push({ webhook, isRedelivery: false, isDropped });
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
  redeliver(webhook: GithubSentWebhook): void {
    this.#start({ webhook, isRedelivery: true, isDropped: false });
  }

  /** Resolves when everything that was sent has been answered, or has failed. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  /** Ends what is on its way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endings.forEach(end => end());
    this.#agent.destroy();
    await this.settle();
  }

  #start(message: Message): void {
    const running = this.#run(message);
    this.#running.add(running);
    running.finally(() => this.#running.delete(running));
  }

  async #run({ webhook, isRedelivery, isDropped }: Message): Promise<void> {
    await this.#delay();
    // It may have moved meanwhile.
    const hook = this.#state.findHook(webhook.hook) ?? webhook.hook;
    const headers = this.#makeHeaders(webhook, hook);
    const deliveredMs = this.#state.now();
    const outcome =
      isDropped || this.#isStopped
        ? {
            status: 'failed to connect to host',
            statusCode: 502,
            durationMs: 0,
          }
        : await postWebhook({
            url: hook.url,
            headers,
            body: webhook.body,
            timeoutMs: this.#timeoutMs,
            agent: this.#agent,
            endings: this.#endings,
          });
    if (!this.#isStopped) {
      this.#log.add({
        ...webhook,
        response: undefined,
        ...outcome,
        hook,
        isRedelivery,
        deliveredMs,
        request: { headers, url: hook.url },
      });
    }
  }

  async #delay(): Promise<void> {
    const { delayMs } = this.#faults;
    if (!delayMs) {
      return;
    }
    const { from, to } = delayMs;
    const ms = from + this.#random() * (to - from);
    await new Promise<void>(resolve => {
      const timer = setTimeout(end, ms);
      const endings = this.#endings;
      function end() {
        clearTimeout(timer);
        endings.delete(end);
        resolve();
      }
      endings.add(end);
    });
  }

  /** @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers */
  #makeHeaders(
    { guid, event, body }: GithubSentWebhook,
    { id, secret, targetType, targetId }: GithubHook,
  ): Record<string, string> {
    const sign = (algorithm: string) =>
      createHmac(algorithm, secret).update(body).digest('hex');
    return {
      Accept: '*/*',
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      'User-Agent': 'GitHub-Hookshot/044aadd',
      'X-GitHub-Delivery': guid,
      'X-GitHub-Enterprise-Host': new URL(this.#state.urls.web).host,
      'X-GitHub-Enterprise-Version': enterpriseVersion,
      'X-GitHub-Event': event,
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
