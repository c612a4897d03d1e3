import type {
  EventFilter,
  EventLog,
  LogEvent,
} from '@callboard/backstage-plugin-events-node';
import { SubscriptionMissingError } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../database';
import type { Batch, ClaimedEvent } from '../model/batch';
import { wasNotified } from '../model/notified';
import type { BatchSettler } from './BatchSettler';
import { LoneReaders } from './LoneReaders';
import type { OwedDeliveries } from './OwedDeliveries';
import { claimBatch, type ClaimedBatch } from './operations/claimBatch';
import { claimUncontended } from './operations/claimUncontended';
import { keepUp } from './operations/keepUp';
import { readSubscription } from './operations/readSubscriptions';
import { WishChangedError } from './WishChangedError';
import {
  topicsBehind,
  wantedTopics,
  wants,
  type Subscription,
} from './subscriptionRow';

/** What a claim came to. `upTo`: everything that is wanted up to there is claimed, handled or owed. */
export type Claim =
  | { batch: Batch; upTo: number }
  /** Nothing to claim now; `dueInMs` says when the next owed event is due, if one is. */
  | {
      batch: undefined;
      upTo: number;
      dueInMs: number | undefined;
      /** Whether there is more to look at, behind what had to be set aside or was not wanted. */
      more: boolean;
      /** Topics that the subscription wants. */
      topics: ReadonlySet<string>;
    };

/** Events that a reader who chooses among them looks at in one turn, at the least. */
const leastLookedAt = 500;

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
  /**
   * Chooses among new events, whose order it keeps; the others are passed over. What is owed is not asked about: it was
   * chosen once.
   */
  choose?: (events: readonly LogEvent[]) => Promise<readonly LogEvent[]>;
  /** Whether events with one key are claimed one after the other. Default: true. */
  ordered?: boolean;
  /** Claims only for the subscription as it is with this wish. */
  wish?: string;
  /**
   * Claims what is owed before it is due, and nothing new: for a reader that wants to know whether it can go on, and has
   * nothing else to try it with.
   */
  early?: boolean;
  /** With `wish`: what somebody has seen of the log already, so that it is not looked at again. */
  seen?: SeenEvents;
}

/** What was seen of the log for a subscription. */
export interface SeenEvents {
  /** Positions of all events that it wants behind its cursor and up to `upTo`, in order, and no others. */
  positions: readonly number[];
  upTo: number;
}

/** The part of the log that claims read. */
export interface ClaimedLog extends Pick<EventLog, 'readAfter'> {
  readPositions(positions: readonly number[]): Promise<LogEvent[]>;
}

/** Events behind a cursor, and how far the log was read to find them. */
type Read = Pick<Awaited<ReturnType<EventLog['readAfter']>>, 'events' | 'upTo'>;

/**
 * Claims: in one statement where nothing is to be decided, and in a transaction where something is. See `claimUncontended`
 * and `claimBatch`.
 */
export class BatchClaimer {
  readonly #store: Store;
  readonly #log: ClaimedLog;
  readonly #deliveries: OwedDeliveries;
  readonly #settler: BatchSettler;
  readonly #loneReaders = new LoneReaders();

  constructor(options: {
    store: Store;
    log: ClaimedLog;
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
   * @throws WishChangedError when the subscription wants something else than the options say
   */
  async claim(id: string, options: ClaimOptions): Promise<Claim> {
    for (let turn = 1; ; turn += 1) {
      const subscription = await this.#recall(id, options.wish);
      const claim = await this.#claimBehind(subscription, options);
      if (claim !== 'moved') {
        return claim;
      }
      this.#loneReaders.forget(id);
      if (turn === turnsPerClaim) {
        // A caller that stops, or whose time is up, is not kept any longer.
        return {
          batch: undefined,
          upTo: subscription.cursor,
          dueInMs: 0,
          more: true,
          topics: wantedTopics(subscription),
        };
      }
    }
  }

  /** Reads a subscription, unless this process remembers it as the reader knows it. */
  async #recall(id: string, wish: string | undefined): Promise<Subscription> {
    const remembered = this.#loneReaders.recall(id);
    if (remembered && (wish === undefined || wish === remembered.wish)) {
      return remembered;
    }
    const subscription = await this.#readAnew(id);
    if (wish !== undefined && wish !== subscription.wish) {
      this.#loneReaders.forget(id);
      throw new WishChangedError(id);
    }
    return subscription;
  }

  /** Claims behind a cursor, if it is there still. */
  async #claimBehind(
    subscription: Subscription,
    options: ClaimOptions,
  ): Promise<Claim | 'moved'> {
    const { id, topics } = subscription;
    const read = await this.#readBehind(subscription, options);
    const wanted = read.events.filter(
      event => wants(topics, event) && !wasNotified(event, id),
    );
    const all =
      options.choose && !options.seen && wanted.length > 0
        ? await options.choose(wanted)
        : wanted;
    const chosen = all.slice(0, options.maxEvents);
    const slice =
      chosen.length < all.length
        ? { ...read, upTo: all[chosen.length].position - 1 }
        : read;
    const candidates =
      options.ordered === false
        ? chosen.map(event => ({ ...event, key: undefined }))
        : chosen;
    const uncontended =
      candidates.length > 0 && this.#store.dialect.hasFunctions
        ? await this.#claimUncontended(subscription, candidates, slice, options)
        : 'contended';
    const claim =
      uncontended === 'contended'
        ? await this.#claimContended(subscription, candidates, slice, options)
        : uncontended;
    return claim === 'moved' || candidates === chosen
      ? claim
      : withKeys(claim, chosen);
  }

  async #readBehind(
    subscription: Subscription,
    { seen, early, choose, maxEvents, maxBytes }: ClaimOptions,
  ): Promise<Read> {
    const { cursor } = subscription;
    if (early) {
      return { events: [], upTo: cursor };
    }
    if (!seen) {
      return this.#log.readAfter(cursor, topicsFilter(subscription), {
        // Of what is looked at little may be chosen, however little is to be claimed.
        events: choose ? Math.max(maxEvents, leastLookedAt) : maxEvents,
        bytes: maxBytes,
      });
    }
    const positions = seen.positions.filter(position => position > cursor);
    return {
      events:
        positions.length > 0 ? await this.#log.readPositions(positions) : [],
      upTo: Math.max(cursor, seen.upTo),
    };
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
    { upTo }: Read,
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
        events: candidates.map(toFresh),
      },
      upTo,
    };
  }

  /** Claims where something has to be decided, or nothing may be there; looks at what is owed first. */
  async #claimContended(
    before: Subscription,
    candidates: readonly LogEvent[],
    slice: Read,
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
    const isDue =
      dueInMs !== undefined && (dueInMs <= 0 || options.early === true);
    if (candidates.length === 0 && !isDue) {
      const sawUnwanted = slice.events.length > 0;
      await keepUp(this.#store, subscription, slice.upTo, sawUnwanted);
      return sawUnwanted
        ? 'moved'
        : {
            batch: undefined,
            upTo: slice.upTo,
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
      early: options.early ?? false,
    });
    if (claimed === 'moved') {
      return claimed;
    }
    if (claimed === 'empty') {
      // There is something, but its keys are in other readers' hands: worth another look soon.
      return {
        batch: undefined,
        upTo: subscription.cursor,
        dueInMs: 0,
        more: false,
        topics: wantedTopics(subscription),
      };
    }
    return {
      batch: await this.#fetchOwed(id, claimed),
      upTo: claimed.cursor,
    };
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
    const deliveryAt = new Map(
      claimed.owed.map(delivery => [delivery.position, delivery]),
    );
    return {
      ticket: claimed.ticket,
      subscriptionId: id,
      events: [
        ...owed.map(event => {
          const delivery = deliveryAt.get(event.position);
          return {
            event,
            attempt: (delivery?.attempts ?? 0) + 1,
            owed: true,
            orderedBy: delivery?.key,
            dueAtMs: delivery?.dueAtMs,
          };
        }),
        ...claimed.fresh.map(toFresh),
      ],
    };
  }
}

function toFresh(event: LogEvent): ClaimedEvent {
  return { event, attempt: 1, owed: false, orderedBy: event.key };
}

/** Gives new events the keys back that they were claimed without. */
function withKeys(claim: Claim, chosen: readonly LogEvent[]): Claim {
  if (!claim.batch) {
    return claim;
  }
  const whole = new Map(chosen.map(event => [event.position, event]));
  return {
    ...claim,
    batch: {
      ...claim.batch,
      events: claim.batch.events.map(claimed => ({
        ...claimed,
        event: whole.get(claimed.event.position) ?? claimed.event,
      })),
    },
  };
}

function topicsFilter(subscription: Subscription): EventFilter {
  const topics = topicsBehind(subscription);
  return topics ? { topics } : {};
}
