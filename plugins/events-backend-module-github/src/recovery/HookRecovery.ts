import type { IngressService } from '@callboard/backstage-plugin-events-node';
import { GithubError } from '@callboard/backstage-plugin-github-node';
import { DeliveryFetcher } from './DeliveryFetcher';
import type { HookLog } from './hooks';
import { isMissing } from './isMissing';
import { judgePage } from './judgePage';
import {
  recoveredTopic,
  type RecoveryBounds,
  type RecoveryObserver,
  type TurnOutcome,
} from './recoveryTurn';
import type { RecoveryStore } from './store';

/** GitHub gives a receiver ten seconds; what is younger may be on its way. */
const youngMs = 30_000;

/** The log of GitHub is in the order in which deliveries began or ended, so those of a minute may be mixed up. */
const overlapMs = 60_000;

/** Clocks may differ by so much. */
const clockSkewMs = 60_000;

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
  readonly #fetcher: DeliveryFetcher;

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
    this.#fetcher = new DeliveryFetcher({ ...options, now: this.#now });
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
      if (
        destination.url === undefined &&
        this.hook.isOfApp &&
        isMissing(error)
      ) {
        return { kind: 'elsewhere', url: undefined };
      }
      throw error;
    }
    const isDone =
      isRead && (await this.#fetcher.fetchDue(bounds, observer, destination));
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
        isMissing(error) ||
        (error instanceof GithubError && error.kind === 'refused')
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
        recoveredTopic,
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
}
