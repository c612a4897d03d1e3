import type { GithubWebhook } from '../model/payloads';

/**
 * One try to deliver a webhook.
 *
 * @public
 */
export interface GithubDelivery {
  readonly id: number;
  /** The same for all tries of one webhook: its `X-GitHub-Delivery`. */
  readonly guid: string;
  readonly webhook: GithubWebhook;
  readonly deliveredMs: number;
  readonly durationMs: number;
  readonly isRedelivery: boolean;
  /** `OK`, or what went wrong. */
  readonly status: string;
  /** What was answered; 502 if nothing was, 504 if it took too long. */
  readonly statusCode: number;
  readonly request: { headers: Record<string, string>; url: string };
  readonly response:
    | { headers: Record<string, string>; body: string }
    | undefined;
}

/**
 * Keeps what was sent, as GitHub does for some days.
 *
 * @public
 */
export class DeliveryLog {
  readonly #deliveries: GithubDelivery[] = [];
  readonly #now: () => number;
  readonly #retentionMs: number;
  #lastId = 12_345_678_000;

  /** @internal */
  constructor(options: { now: () => number; retentionMs: number }) {
    this.#now = options.now;
    this.#retentionMs = options.retentionMs;
  }

  /** @internal */
  add(delivery: Omit<GithubDelivery, 'id'>): GithubDelivery {
    this.#lastId += 1;
    const added = { ...delivery, id: this.#lastId };
    this.#deliveries.push(added);
    const sinceMs = this.#now() - this.#retentionMs;
    while ((this.#deliveries[0]?.deliveredMs ?? sinceMs) < sinceMs) {
      this.#deliveries.shift();
    }
    return added;
  }

  /**
   * What was sent, the newest first.
   *
   * @param hookId - to which hook; to all unless given
   */
  list(hookId?: number): GithubDelivery[] {
    const sinceMs = this.#now() - this.#retentionMs;
    return this.#deliveries
      .filter(
        ({ webhook, deliveredMs }) =>
          deliveredMs >= sinceMs &&
          (hookId === undefined || webhook.hook.id === hookId),
      )
      .reverse();
  }

  find(hookId: number, id: number): GithubDelivery | undefined {
    return this.list(hookId).find(delivery => delivery.id === id);
  }
}
