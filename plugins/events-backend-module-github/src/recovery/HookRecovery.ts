import { isError } from '@backstage/errors';
import type {
  IngressService,
  KeptRequest,
} from '@callboard/backstage-plugin-events-node';
import { GithubError } from '@callboard/backstage-plugin-github-node';
import type { HookDestination, HookLog, WholeDelivery } from './hooks';
import { judgePage } from './judgePage';
import type { DueDelivery, RecoveryReason, RecoveryStore } from './store';

const topic = 'github';

/** GitHub gives a receiver ten seconds; what is younger may be on its way. */
const youngMs = 30_000;

/** The log of GitHub is in the order in which deliveries began or ended, so those of a minute may be mixed up. */
const overlapMs = 60_000;

/** Clocks may differ by so much. */
const clockSkewMs = 60_000;

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

/**
 * Why a delivery cannot be recovered: GitHub does not have it any more, has something that is no delivery, fails or
 * refuses to give it, or the events system refuses it; or it went to another URL and may be somebody else's.
 */
export type LossReason =
  | 'gone'
  | 'malformed'
  | 'unavailable'
  | 'rejected'
  | 'elsewhere';

/** Is told what becomes of deliveries. */
export interface RecoveryObserver {
  /** @param count - how many deliveries of GitHub's log were looked at */
  onRead(count: number): void;
  onRecovered(reason: RecoveryReason): void;
  onLost(delivery: DueDelivery, reason: LossReason, error?: unknown): void;
}

/** The bounds of a turn. */
export interface RecoveryBounds {
  /** How many deliveries may be fetched. */
  maxDeliveries: number;
  /** When the turn ends, by `performance.now()`. */
  endsAtMs: number;
  signal: AbortSignal;
}

/**
 * What a turn came to: everything is done, a bound was reached and the next turn goes on, or the webhook goes elsewhere
 * and there is nothing to do.
 */
export type TurnOutcome =
  | { kind: 'done' | 'unfinished' }
  /** Without a URL there is no webhook. */
  | { kind: 'elsewhere'; url: string | undefined };

/**
 * Recovers what one webhook was to deliver and did not.
 *
 * First the log of GitHub is read, from its newest delivery back to where the reading before had begun. What the log of
 * events does not have is noted as due, page by page, together with the page to go on with. Then what is due is fetched,
 * the oldest first, taken in as if it had come through the ingress, and struck off. A process that dies between these two
 * finds it in the log of events later, and strikes it off then.
 */
export class HookRecovery {
  readonly hook: HookLog;
  readonly #store: RecoveryStore;
  readonly #ingresses: IngressService;
  readonly #now: () => number;

  /** @param options.now - in milliseconds since the epoch */
  constructor(options: {
    hook: HookLog;
    store: RecoveryStore;
    ingresses: IngressService;
    now?: () => number;
  }) {
    this.hook = options.hook;
    this.#store = options.store;
    this.#ingresses = options.ingresses;
    this.#now = options.now ?? Date.now;
  }

  /** Notes that from now on what the webhook delivers comes into the log, unless that was noted before. */
  async begin(): Promise<void> {
    await this.#store.begin(this.hook.name, this.#now());
  }

  /**
   * @throws GithubError if GitHub cannot be asked; the next turn goes on where this one stopped
   * @throws ServiceUnavailableError if the store stayed away
   */
  async runOnce(
    bounds: RecoveryBounds,
    observer: RecoveryObserver,
  ): Promise<TurnOutcome> {
    const destination = await this.hook.readDestination(bounds.signal);
    if (!destination.isIngress) {
      return { kind: 'elsewhere', url: destination.url };
    }
    await this.begin();
    let isRead: boolean;
    try {
      isRead =
        (await this.#goOnReading(bounds, observer)) &&
        (await this.#read(bounds, observer, undefined));
    } catch (error) {
      // An app need not have a webhook.
      if (destination.url === undefined && this.hook.isOfApp) {
        if (error instanceof GithubError && error.kind === 'missing') {
          return { kind: 'elsewhere', url: undefined };
        }
      }
      throw error;
    }
    const isDone =
      isRead && (await this.#fetchDue(bounds, observer, destination));
    return { kind: isDone ? 'done' : 'unfinished' };
  }

  /** @returns whether the reading of an earlier turn is over */
  async #goOnReading(
    bounds: RecoveryBounds,
    observer: RecoveryObserver,
  ): Promise<boolean> {
    const { reading } = await this.#store.readProgress(this.hook.name);
    if (!reading) {
      return true;
    }
    try {
      return await this.#read(bounds, observer, reading);
    } catch (error) {
      if (
        error instanceof GithubError &&
        (error.kind === 'missing' || error.kind === 'refused')
      ) {
        // A page that GitHub does not know any more would be asked for until the end of days.
        await this.#store.abandonReading(this.hook.name);
      }
      throw error;
    }
  }

  /**
   * Reads the log of GitHub, from a page to where the reading before began.
   *
   * @returns whether that was reached within the bounds
   */
  async #read(
    { endsAtMs, signal }: RecoveryBounds,
    observer: RecoveryObserver,
    begun: { upToMs: number; nextPage: string } | undefined,
  ): Promise<boolean> {
    const { name } = this.hook;
    const { begunMs, seenMs } = await this.#store.readProgress(name);
    const fromMs = seenMs === undefined ? -Infinity : seenMs - overlapMs;
    let upToMs = begun?.upToMs;
    let path = begun?.nextPage;
    while (performance.now() < endsAtMs) {
      signal.throwIfAborted();
      const { deliveries, next } = await this.hook.list(path, signal);
      upToMs ??= this.#findNewest(deliveries.map(each => each.deliveredMs));
      const { received, completeSinceMs } = await this.#ingresses.findReceived(
        topic,
        deliveries.map(({ guid }) => guid),
      );
      const page = judgePage(deliveries, {
        received,
        judgedSinceMs: Math.max(
          begunMs,
          completeSinceMs === 0 ? 0 : completeSinceMs + clockSkewMs,
        ),
        fromMs,
        // Without a delivery that is old enough nothing is looked at.
        upToMs: upToMs ?? -Infinity,
      });
      const isLast =
        next === undefined ||
        deliveries.some(({ deliveredMs }) => deliveredMs < fromMs);
      if (isLast && upToMs !== undefined) {
        await this.#store.notePage(name, page, {
          seenMs: Math.max(upToMs, seenMs ?? 0),
          forgetBeforeMs: upToMs - overlapMs,
        });
      } else if (upToMs !== undefined && next !== undefined) {
        await this.#store.notePage(name, page, { nextPage: next, upToMs });
      }
      observer.onRead(page.read);
      if (isLast) {
        return true;
      }
      path = next;
    }
    return false;
  }

  /** @returns the newest that is old enough to be looked at */
  #findNewest(timesMs: number[]): number | undefined {
    const oldEnough = timesMs.filter(ms => ms <= this.#now() - youngMs);
    return oldEnough.length > 0 ? Math.max(...oldEnough) : undefined;
  }

  /** @returns whether nothing is due any more */
  async #fetchDue(
    { maxDeliveries, endsAtMs, signal }: RecoveryBounds,
    observer: RecoveryObserver,
    destination: HookDestination,
  ): Promise<boolean> {
    let left = maxDeliveries;
    const failed = new Set<string>();
    for (;;) {
      const due = await this.#store.readDue(
        this.hook.name,
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
    const { name } = this.hook;
    const { received } = await this.#ingresses.findReceived(
      topic,
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
      const delivery = await this.hook.read(due.deliveryId, signal);
      if (!this.hook.isMeant(delivery, destination)) {
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
        topic,
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

function isMissing(error: unknown): boolean {
  return error instanceof GithubError && error.kind === 'missing';
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
