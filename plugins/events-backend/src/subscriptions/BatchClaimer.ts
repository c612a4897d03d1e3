import type {
  EventFilter,
  EventLog,
  LogEvent,
  LogSlice,
} from '@callboard/backstage-plugin-events-node';
import { SubscriptionMissingError } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../database';
import type { Batch } from '../model/batch';
import { wasNotified } from '../model/notified';
import type { BatchSettler } from './BatchSettler';
import { LoneReaders } from './LoneReaders';
import type { OwedDeliveries } from './OwedDeliveries';
import { claimBatch, type ClaimedBatch } from './operations/claimBatch';
import { claimUncontended } from './operations/claimUncontended';
import { keepUp } from './operations/keepUp';
import { readSubscription } from './operations/readSubscriptions';
import {
  topicsBehind,
  wantedTopics,
  wants,
  type Subscription,
} from './subscriptionRow';

/** What a claim came to. */
export type Claim =
  | { batch: Batch }
  /** Nothing to claim now; `dueInMs` says when the next owed event is due, if one is. */
  | {
      batch: undefined;
      dueInMs: number | undefined;
      /** Whether there is more to look at, behind what had to be set aside or was not wanted. */
      more: boolean;
      /** Topics that the subscription wants. */
      topics: ReadonlySet<string>;
    };

/** How often one claim looks further when what it found had to be set aside, is not wanted, or went to others. */
const turnsPerClaim = 5;

/** Limits of a claim. */
export interface ClaimOptions {
  maxEvents: number;
  maxBytes: number;
  /** How long the ticket is good unless it is renewed, in milliseconds. */
  leaseMs: number;
  /** How long a key may be in another reader's hands before events behind it are set aside, in milliseconds. */
  patienceMs: number;
  /** Passes over new events that it is false for. What is owed is not asked about: it was accepted once. */
  accepts?: (event: LogEvent) => boolean;
}

/**
 * Claims: in one statement where nothing is to be decided, and in a transaction where something is. See `claimUncontended`
 * and `claimBatch`.
 */
export class BatchClaimer {
  readonly #store: Store;
  readonly #log: Pick<EventLog, 'readAfter'>;
  readonly #deliveries: OwedDeliveries;
  readonly #settler: BatchSettler;
  readonly #loneReaders = new LoneReaders();

  constructor(options: {
    store: Store;
    log: Pick<EventLog, 'readAfter'>;
    deliveries: OwedDeliveries;
    settler: BatchSettler;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#deliveries = options.deliveries;
    this.#settler = options.settler;
  }

  /**
   * Claims the next events, owed ones first.
   *
   * @param id - of a subscription that is registered
   * @throws SubscriptionMissingError when there is no such subscription (it expired): register it again
   */
  async claim(id: string, options: ClaimOptions): Promise<Claim> {
    for (let turn = 1; ; turn += 1) {
      const subscription =
        this.#loneReaders.recall(id) ?? (await this.#readAnew(id));
      const claim = await this.#claimBehind(subscription, options);
      if (claim !== 'moved') {
        return claim;
      }
      this.#loneReaders.forget(id);
      if (turn === turnsPerClaim) {
        // A caller that stops, or whose time is up, is not kept any longer.
        return {
          batch: undefined,
          dueInMs: 0,
          more: true,
          topics: wantedTopics(subscription),
        };
      }
    }
  }

  /** Claims behind a cursor, if it is there still. */
  async #claimBehind(
    subscription: Subscription,
    options: ClaimOptions,
  ): Promise<Claim | 'moved'> {
    const { id, cursor, topics } = subscription;
    const slice = await this.#log.readAfter(
      cursor,
      topicsFilter(subscription),
      { events: options.maxEvents, bytes: options.maxBytes },
    );
    const candidates = slice.events.filter(
      event =>
        wants(topics, event) &&
        !wasNotified(event, id) &&
        (options.accepts?.(event) ?? true),
    );
    const claim =
      candidates.length > 0 && this.#store.dialect.hasFunctions
        ? await this.#claimUncontended(subscription, candidates, slice, options)
        : 'contended';
    return claim === 'contended'
      ? this.#claimContended(subscription, candidates, slice, options)
      : claim;
  }

  /** Reads a subscription; whoever finds its cursor where this process left it reads alone. */
  async #readAnew(id: string): Promise<Subscription> {
    const subscription = await readSubscription(this.#store.knex, id);
    if (!subscription) {
      this.#loneReaders.forget(id);
      throw new SubscriptionMissingError(id);
    }
    this.#loneReaders.onRead(subscription);
    return subscription;
  }

  async #claimUncontended(
    subscription: Subscription,
    candidates: readonly LogEvent[],
    { upTo }: LogSlice,
    { leaseMs }: ClaimOptions,
  ): Promise<Claim | 'contended' | 'moved'> {
    const claimed = await claimUncontended(this.#store.knex, {
      subscription,
      candidates,
      upTo,
      leaseMs,
    });
    if (claimed === 'contended' || claimed === 'moved') {
      return claimed;
    }
    this.#loneReaders.onMoved(subscription, upTo);
    return {
      batch: {
        ticket: claimed.ticket,
        subscriptionId: subscription.id,
        events: candidates.map(event => ({ event, attempt: 1, owed: false })),
      },
    };
  }

  /** Claims where something has to be decided, or nothing may be there; looks at what is owed first. */
  async #claimContended(
    before: Subscription,
    candidates: readonly LogEvent[],
    slice: LogSlice,
    options: ClaimOptions,
  ): Promise<Claim | 'moved'> {
    const { id } = before;
    const [subscription, dueInMs] = await Promise.all([
      this.#readAnew(id),
      this.#deliveries.dueInMs(id),
    ]);
    if (
      subscription.cursor !== before.cursor ||
      subscription.wish !== before.wish
    ) {
      return 'moved';
    }
    const isDue = dueInMs !== undefined && dueInMs <= 0;
    if (candidates.length === 0 && !isDue) {
      const sawUnwanted = slice.events.length > 0;
      await keepUp(this.#store, subscription, slice.upTo, sawUnwanted);
      return sawUnwanted
        ? 'moved'
        : {
            batch: undefined,
            dueInMs,
            more: false,
            topics: wantedTopics(subscription),
          };
    }
    // What it leaves is not noted.
    this.#loneReaders.forget(id);
    const claimed = await claimBatch(this.#store, this.#deliveries, {
      subscription,
      candidates,
      upTo: slice.upTo,
      limit: { events: options.maxEvents, bytes: options.maxBytes },
      leaseMs: options.leaseMs,
      patienceMs: options.patienceMs,
    });
    if (claimed === 'moved') {
      return claimed;
    }
    if (claimed === 'empty') {
      // There is something, but its keys are in other readers' hands: worth another look soon.
      return {
        batch: undefined,
        dueInMs: 0,
        more: false,
        topics: wantedTopics(subscription),
      };
    }
    return { batch: await this.#fetchOwed(id, claimed) };
  }

  /** Puts a batch together: what is owed is read from the log once it is claimed. */
  async #fetchOwed(id: string, claimed: ClaimedBatch): Promise<Batch> {
    const positions = claimed.owed.map(({ position }) => position);
    const owed = await this.#settler
      .readOwed(id, positions)
      .catch(async error => {
        // Nobody gets the ticket; left to lapse, it would cost each of its events an attempt.
        await this.#settler
          .settleTicket(claimed.ticket, id, new Map())
          .catch(() => {});
        throw error;
      });
    const attemptsAt = new Map(
      claimed.owed.map(({ position, attempts }) => [position, attempts]),
    );
    return {
      ticket: claimed.ticket,
      subscriptionId: id,
      events: [
        ...owed.map(event => ({
          event,
          attempt: (attemptsAt.get(event.position) ?? 0) + 1,
          owed: true,
        })),
        ...claimed.fresh.map(event => ({ event, attempt: 1, owed: false })),
      ],
    };
  }
}

function topicsFilter(subscription: Subscription): EventFilter {
  const topics = topicsBehind(subscription);
  return topics ? { topics } : {};
}
