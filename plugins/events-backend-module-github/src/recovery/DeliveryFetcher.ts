import { isError } from '@backstage/errors';
import type {
  IngressService,
  KeptRequest,
} from '@callboard/backstage-plugin-events-node';
import { GithubError } from '@callboard/backstage-plugin-github-node';
import type { HookDestination, HookLog, WholeDelivery } from './hooks';
import { isMissing } from './isMissing';
import {
  recoveredTopic,
  type LossReason,
  type RecoveryBounds,
  type RecoveryObserver,
} from './recoveryTurn';
import type { DueDelivery, RecoveryStore } from './store';

/** So many payloads of up to 25 MB are held at once. */
const batchSize = 4;

/**
 * GitHub keeps deliveries for three days, in milliseconds.
 *
 * @see https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries
 */
const keptMs = 3 * 86_400_000;

/** What GitHub fails to give so often is given up; others are fetched in between. */
const maxAttempts = 5;

/** Failures within an hour are one attempt: a short outage, and restarts in a row, are not to use them up. */
const attemptMs = 3_600_000;

/** Fetches what one webhook was to deliver and did not, and takes it in as if it had come through the ingress. */
export class DeliveryFetcher {
  readonly #hook: HookLog;
  readonly #store: RecoveryStore;
  readonly #ingresses: IngressService;
  readonly #now: () => number;

  /** @param options.now - in milliseconds since the epoch */
  constructor(options: {
    hook: HookLog;
    store: RecoveryStore;
    ingresses: IngressService;
    now: () => number;
  }) {
    this.#hook = options.hook;
    this.#store = options.store;
    this.#ingresses = options.ingresses;
    this.#now = options.now;
  }

  /** @returns whether nothing is due any more */
  async fetchDue(
    { maxDeliveries, endsAtMs, signal }: RecoveryBounds,
    observer: RecoveryObserver,
    destination: HookDestination,
  ): Promise<boolean> {
    let left = maxDeliveries;
    const failed = new Set<string>();
    for (;;) {
      const due = await this.#store.readDue(
        this.#hook.name,
        batchSize + failed.size,
      );
      if (due.length === 0) {
        return true;
      }
      const untried = due.filter(({ guid }) => !failed.has(guid));
      if (untried.length === 0) {
        return false;
      }
      if (left <= 0 || performance.now() >= endsAtMs) {
        return false;
      }
      signal.throwIfAborted();
      const batch = untried.slice(0, Math.min(batchSize, left));
      left -= batch.length;
      const { absent, isInVain } = await this.#fetchBatch(batch, {
        observer,
        destination,
        signal,
      });
      absent.forEach(guid => failed.add(guid));
      if (isInVain) {
        return false;
      }
    }
  }

  /**
   * @returns what could not be fetched, by `X-GitHub-Delivery`, which is asked for again in another turn; and whether that
   *   was all, and none of it for the first time, so that the rest need not be asked for now
   *
   * @throws what the first failed with, if nothing could be fetched, or if that is not due to the delivery itself
   */
  async #fetchBatch(
    batch: readonly DueDelivery[],
    options: {
      observer: RecoveryObserver;
      destination: HookDestination;
      signal: AbortSignal;
    },
  ): Promise<{ absent: string[]; isInVain: boolean }> {
    const { observer, signal } = options;
    const { name } = this.#hook;
    const { received } = await this.#ingresses.findReceived(
      recoveredTopic,
      batch.map(({ guid }) => guid),
    );
    const wanted = batch.filter(({ guid }) => !received.has(guid));
    const fetched = await Promise.all(
      wanted.map(due => this.#fetch(due, options)),
    );
    const whole = fetched.filter(each => each.kind === 'whole');
    await this.#receive(whole, observer);
    const failed = fetched.filter(each => each.kind === 'failed');
    const lost = fetched.filter(each => each.kind === 'lost');
    lost.forEach(({ due, reason, error }) =>
      observer.onLost(due, reason, error),
    );
    await this.#store.settle(name, [
      ...received,
      ...[...whole, ...lost].map(({ due }) => due.guid),
    ]);
    const nowMs = this.#now();
    const ofDeliveries = failed.filter(({ error }) => isOfDelivery(error));
    const counted = ofDeliveries.filter(({ due }) => isAttempt(due, nowMs));
    if (counted.length > 0) {
      await this.#store.countAttempt(
        name,
        counted.map(({ due }) => due.guid),
        nowMs,
      );
    }
    signal.throwIfAborted();
    const general = failed.find(({ error }) => !isOfDelivery(error));
    const isNothing = failed.length === batch.length;
    const first = failed.find(({ error }) => !isMissing(error));
    const ending = general ?? (isNothing ? first : undefined);
    if (ending) {
      throw ending.error;
    }
    return {
      absent: ofDeliveries.map(({ due }) => due.guid),
      isInVain: isNothing && failed.every(({ due }) => due.attempts > 0),
    };
  }

  async #fetch(
    due: DueDelivery,
    {
      destination,
      signal,
    }: { destination: HookDestination; signal: AbortSignal },
  ): Promise<Fetched> {
    try {
      const delivery = await this.#hook.read(due.deliveryId, signal);
      if (!this.#hook.isMeant(delivery, destination)) {
        return { kind: 'lost', due, reason: 'elsewhere' };
      }
      return delivery.payload === undefined
        ? { kind: 'lost', due, reason: 'gone' }
        : { kind: 'whole', due, delivery };
    } catch (error) {
      const reason = explainLoss(error, due, this.#now());
      return reason
        ? { kind: 'lost', due, reason, error }
        : { kind: 'failed', due, error };
    }
  }

  /** Takes deliveries in, in their order; one that cannot be stored as it is does not keep the others out. */
  async #receive(
    whole: readonly Extract<Fetched, { kind: 'whole' }>[],
    observer: RecoveryObserver,
  ): Promise<void> {
    try {
      const accepted = await this.#ingresses.receive(
        recoveredTopic,
        whole.map(({ due, delivery }) => makeRequest(due, delivery)),
      );
      accepted.forEach(({ duplicate }, index) => {
        if (!duplicate) {
          observer.onRecovered(whole[index].due.reason);
        }
      });
    } catch (error) {
      if (!isError(error) || error.name !== 'InputError') {
        throw error;
      }
      if (whole.length === 1) {
        observer.onLost(whole[0].due, 'rejected', error);
        return;
      }
      for (const each of whole) {
        await this.#receive([each], observer);
      }
    }
  }
}

type Fetched =
  | { kind: 'whole'; due: DueDelivery; delivery: WholeDelivery }
  | { kind: 'lost'; due: DueDelivery; reason: LossReason; error?: unknown }
  | { kind: 'failed'; due: DueDelivery; error: unknown };

function explainLoss(
  error: unknown,
  due: DueDelivery,
  nowMs: number,
): LossReason | undefined {
  if (error instanceof GithubError && error.kind === 'malformed') {
    return 'malformed';
  }
  const isLastAttempt =
    isOfDelivery(error) &&
    isAttempt(due, nowMs) &&
    due.attempts + 1 >= maxAttempts;
  if (isMissing(error)) {
    // GitHub has listed it, so as long as it keeps it a replica may not have it yet.
    return isLastAttempt || nowMs - due.deliveredMs > keptMs
      ? 'gone'
      : undefined;
  }
  return isLastAttempt ? 'unavailable' : undefined;
}

/** Whether another failure of GitHub to give a delivery counts. */
function isAttempt(
  { attemptedMs = -Infinity }: DueDelivery,
  nowMs: number,
): boolean {
  return nowMs - attemptedMs >= attemptMs;
}

/** Limits, and credentials that are not there or not good, are the same for all that is asked for. */
function isOfDelivery(error: unknown): boolean {
  if (!(error instanceof GithubError)) {
    return false;
  }
  const { kind, status } = error;
  return kind === 'refused'
    ? status !== undefined && status !== 401
    : kind !== 'limited';
}

function makeRequest(
  { guid }: DueDelivery,
  { event, headers, payload }: WholeDelivery,
): KeptRequest {
  return {
    headers: {
      ...headers,
      // What the log looks for it by, and what it is posted under.
      'x-github-delivery': guid,
      'x-github-event': event,
    },
    payload,
  };
}
