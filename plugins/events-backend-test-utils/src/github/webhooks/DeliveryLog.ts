import type { GithubEventName, GithubHook } from '../model/records';

/**
 * A webhook as it is sent, the same each time.
 *
 * @public
 */
export interface GithubSentWebhook {
  /** Its `X-GitHub-Delivery`. */
  readonly guid: string;
  readonly event: GithubEventName;
  /** Such as `created`; not every event has one. */
  readonly action: string | undefined;
  readonly hook: GithubHook;
  readonly installationId: number | undefined;
  readonly repositoryId: number | undefined;
  /** The payload, in JSON. */
  readonly body: Buffer;
}

/**
 * One try to deliver a webhook.
 *
 * @public
 */
export interface GithubDelivery extends GithubSentWebhook {
  readonly id: number;
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
  /** By their numbers, the oldest first. */
  readonly #deliveries = new Map<number, GithubDelivery>();
  readonly #now: () => number;
  readonly #retentionMs: number;
  readonly #maxDeliveries: number;
  #lastId = 12_345_678_000;

  /** @internal */
  constructor(options: {
    now: () => number;
    retentionMs: number;
    maxDeliveries: number;
  }) {
    this.#now = options.now;
    this.#retentionMs = options.retentionMs;
    this.#maxDeliveries = options.maxDeliveries;
  }

  /** @internal */
  add(delivery: Omit<GithubDelivery, 'id'>): GithubDelivery {
    this.#lastId += 1;
    const added = { ...delivery, id: this.#lastId };
    this.#deliveries.set(added.id, added);
    for (const each of this.#deliveries.values()) {
      if (this.#deliveries.size <= this.#maxDeliveries && this.#isKept(each)) {
        break;
      }
      this.#deliveries.delete(each.id);
    }
    return added;
  }

  /**
   * What was sent, the newest first.
   *
   * @param hookId - to which hook; to all unless given
   */
  list(hookId?: number): GithubDelivery[] {
    return [...this.#deliveries.values()]
      .filter(
        each =>
          (hookId === undefined || each.hook.id === hookId) &&
          this.#isKept(each),
      )
      .reverse();
  }

  find(hookId: number, id: number): GithubDelivery | undefined {
    const delivery = this.#deliveries.get(id);
    return delivery?.hook.id === hookId && this.#isKept(delivery)
      ? delivery
      : undefined;
  }

  #isKept({ deliveredMs }: GithubDelivery): boolean {
    return deliveredMs >= this.#now() - this.#retentionMs;
  }
}
