import type { Knex } from 'knex';
import type { EventLog } from '@callboard/backstage-plugin-events-node';
import {
  SubscriptionMissingError,
  type RetryWish,
  type StartPosition,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../database';
import type { Outcome, OwedEvent, Settlement } from '../model/batch';
import {
  BatchClaimer,
  type Claim,
  type ClaimedLog,
  type ClaimOptions,
} from './BatchClaimer';
import { BatchSettler, type SettledLog } from './BatchSettler';
import type { OwedDeliveries } from './OwedDeliveries';
import { chooseForReplay } from './operations/chooseForReplay';
import { endUnwantedTopics } from './operations/endUnwantedTopics';
import { isWanted } from './operations/isWanted';
import { moveCursors } from './operations/moveCursors';
import { listClaimed } from './operations/listClaimed';
import { readFloor } from './operations/readFloor';
import {
  readSubscription,
  readSubscriptions,
} from './operations/readSubscriptions';
import { registerSubscription } from './operations/registerSubscription';
import { removeEndedTopics } from './operations/removeEndedTopics';
import {
  listSilent,
  removeSilent,
  type Expiry,
} from './operations/removeSilent';
import { removeSubscription } from './operations/removeSubscription';
import { renewLeases } from './operations/renewLeases';
import { topicsBehind, type Subscription } from './subscriptionRow';

/** The part of the log that subscriptions read. */
export interface SubscribedLog
  extends Pick<EventLog, 'readAfter' | 'tail'>,
    ClaimedLog,
    SettledLog {
  findNext(
    position: number,
    topics: readonly string[] | undefined,
  ): Promise<number | undefined>;
  positionBefore(timeMs: number): Promise<number>;
}

/** What may be said of a subscription when it is registered. */
export interface Terms {
  /** Where it starts when it is made. Default: the end. */
  start?: StartPosition | { position: number };
  /** Default: what another process said, or what is configured. */
  retry?: RetryWish;
  /**
   * Decides the time without a reader after which it goes, in milliseconds; undefined for what is configured.
   *
   * @param topics - that the subscription wants once it is registered, those of other processes included
   */
  decideExpiry?: (topics: readonly string[]) => number | undefined;
  /**
   * It stands until it is removed, whether or not anybody reads it, and wants exactly the topics that are named. Its wish
   * is as given, by which its reader tells whether it knows what is wanted: see `ClaimOptions.wish`.
   */
  standing?: {
    wish: string;
    /** The wish that it must still have, if it is there; so whoever is late takes nothing back. */
    replaces: string | undefined;
  };
}

/**
 * Who wants what, how far each has read, and who holds which batch.
 *
 * @remarks
 * The protocol of reading, for every kind of reader:
 *
 * ```
 *            claim                    settle
 *   log ───────────────▶ batch ─────────────────▶ nothing (all went well)
 *    behind the cursor   │  ticket, lease      └▶ deliveries (what failed, or was not tried)
 *   deliveries ─────────▶│
 *    that are due        └── lease lapses ─────▶ rescue: deliveries (everything in the batch)
 * ```
 *
 * Claiming and settling lock the row of the subscription first and everything else after it, so they can neither
 * overtake each other nor wait for each other in a circle. The cursor moves when a batch is claimed; from then on the
 * row of the batch, and later the rows of its deliveries, stand for the events. So there is no instant at which an
 * event that the cursor has passed is remembered nowhere.
 *
 * A key is in one batch at a time: see {@link selectClaim} for new events, `claimDue` of the deliveries for owed ones.
 */
export class SubscriptionPool {
  readonly #store: Store;
  readonly #log: SubscribedLog;
  readonly #deliveries: OwedDeliveries;
  readonly #settler: BatchSettler;
  readonly #claimer: BatchClaimer;

  constructor(options: {
    store: Store;
    log: SubscribedLog;
    deliveries: OwedDeliveries;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#deliveries = options.deliveries;
    this.#settler = new BatchSettler(options);
    this.#claimer = new BatchClaimer({ ...options, settler: this.#settler });
  }

  /**
   * Makes a subscription stand.
   *
   * @param id - `<plugin>.<name>`; replicas that use the same id share its events
   * @param topics - that it wants from now on, {@link everyTopic} for all; those it wanted before stay until
   *   `endUnwantedTopics` ends them
   * @returns when the row is there: every event appended later reaches it
   * @throws InputError when it would want more topics than one subscription may
   * @throws WishChangedError when another was faster to make it stand for something else
   */
  async register(
    id: string,
    topics: readonly string[],
    { start = 'end', ...terms }: Terms = {},
  ): Promise<void> {
    const startPosition = await this.#findStart(start);
    await registerSubscription(this.#store, id, topics, {
      ...terms,
      startPosition,
    });
  }

  /** Which position lies before the first event to be read; undefined for the tail, whatever it is by then. */
  async #findStart(
    start: StartPosition | { position: number },
  ): Promise<number | undefined> {
    switch (start) {
      case 'end':
        return undefined;
      case 'beginning':
        return (await this.#log.ends()).head;
      default: {
        // Before an event that is trimmed nothing is left to read, and the log would be kept for it.
        const [{ head }, position] = await Promise.all([
          this.#log.ends(),
          'position' in start
            ? start.position
            : this.#log.positionBefore(start.timeMs),
        ]);
        return Math.max(head, position);
      }
    }
  }

  /**
   * Moves cursors over events that are not wanted.
   *
   * @param passed - subscriptions with the wish under which somebody saw that nothing behind their cursors is wanted up
   *   to the position; one that wants something else by now is left alone
   */
  moveCursors(
    passed: readonly { id: string; wish: string }[],
    position: number,
  ): Promise<void> {
    return moveCursors(this.#store, passed, position);
  }

  /** Ends topics that no process has wanted for a while, in milliseconds; returns them. */
  endUnwantedTopics(
    unwantedForMs: number,
  ): Promise<{ subscriptionId: string; topic: string }[]> {
    return endUnwantedTopics(this.#store, unwantedForMs);
  }

  /** Removes topics that ended before the head of the log, so many at the most, and that are read; returns how many. */
  removeEndedTopics(head: number, limit: number): Promise<number> {
    return removeEndedTopics(this.#store, head, limit);
  }

  /**
   * Claims the next events, owed ones first.
   *
   * @param id - of a subscription that is registered
   * @throws SubscriptionMissingError when there is no such subscription (it expired): register it again
   */
  claim(id: string, options: ClaimOptions): Promise<Claim> {
    return this.#claimer.claim(id, options);
  }

  /**
   * Settles a batch.
   *
   * @param settlements - one for each event of the batch
   * @returns false when the ticket had lapsed: nothing was recorded, and the events are owed to whoever claims next
   */
  settle(
    ticket: string,
    subscriptionId: string,
    settlements: readonly Settlement[],
  ): Promise<boolean> {
    return this.#settler.settle(ticket, subscriptionId, settlements);
  }

  /**
   * Settles a batch for a reader that keeps nothing but the ticket and the outcomes.
   *
   * @param outcomes - by position; an event without one was not tried
   * @returns false when the ticket had lapsed, or is of another subscription
   */
  settleTicket(
    ticket: string,
    subscriptionId: string,
    outcomes: ReadonlyMap<number, Outcome>,
  ): Promise<boolean> {
    return this.#settler.settleTicket(ticket, subscriptionId, outcomes);
  }

  /**
   * Extends leases, of one subscription if it is named, which says that their reader is alive; returns the tickets that
   * are still good.
   */
  renew(
    tickets: readonly string[],
    leaseMs: number,
    subscriptionId?: string,
  ): Promise<Set<string>> {
    return renewLeases(this.#store, tickets, leaseMs, subscriptionId);
  }

  /**
   * Owes the events of batches whose lease has lapsed to whoever claims next.
   *
   * @param limit - how many batches at the most
   * @returns how many batches were rescued, the topics of their events, and the first failure: one batch that cannot be
   * settled does not keep the others waiting
   */
  rescueLapsed(
    limit: number,
  ): Promise<{ batches: number; topics: Set<string>; failure?: unknown }> {
    return this.#settler.rescueLapsed(limit);
  }

  /**
   * Lets every lease lapse now.
   *
   * @remarks
   * For a store that only one process uses: at its start, whoever held a batch is dead.
   */
  async lapseAll(): Promise<void> {
    await this.#store.knex('callboard_batches').update({ leased_until: 0 });
  }

  /**
   * Whether a claim may find something: an event behind the cursor, or one that is due. A look that changes nothing,
   * and may be wrong where the claim decides by more than the topic.
   *
   * @throws SubscriptionMissingError when there is no such subscription
   */
  async mayHaveNext(id: string): Promise<boolean> {
    const [subscription, dueInMs] = await Promise.all([
      this.read(id),
      this.#deliveries.dueInMs(id),
    ]);
    if (!subscription) {
      throw new SubscriptionMissingError(id);
    }
    if (dueInMs !== undefined && dueInMs <= 0) {
      return true;
    }
    const next = await this.#log.findNext(
      subscription.cursor,
      topicsBehind(subscription),
    );
    return next !== undefined;
  }

  /**
   * Whether a subscription wants a topic now.
   *
   * @param except - ids of subscriptions that do not count
   */
  isWanted(topic: string, except: readonly string[] = []): Promise<boolean> {
    return isWanted(this.#store.knex, topic, except);
  }

  /** One subscription with every topic it wants or wanted. */
  read(id: string): Promise<Subscription | undefined> {
    return readSubscription(this.#store.knex, id);
  }

  /** All subscriptions. */
  list(): Promise<Subscription[]> {
    return readSubscriptions(this.#store.knex);
  }

  /**
   * How far a subscription is behind: tail minus cursor, or 0 when nothing that it wants is left. The cursor is not
   * moved for every event that the subscription does not want.
   */
  async readLag(subscription: Subscription, tail: number): Promise<number> {
    const next = await this.#log.findNext(
      subscription.cursor,
      topicsBehind(subscription),
    );
    return next === undefined ? 0 : tail - subscription.cursor;
  }

  /** The lag of every subscription. */
  async listLags(): Promise<{ subscriptionId: string; lag: number }[]> {
    const subscriptions = await this.list();
    // Behind the cursors, none of which is beyond it then.
    const tail = await this.#log.tail();
    const lags: { subscriptionId: string; lag: number }[] = [];
    // One after the other: there may be a thousand, and others want connections as well.
    for (const subscription of subscriptions) {
      const { id, cursor } = subscription;
      lags.push({
        subscriptionId: id,
        lag: cursor >= tail ? 0 : await this.readLag(subscription, tail),
      });
    }
    return lags;
  }

  /**
   * Chooses those of some events that do not come to a subscription by themselves.
   *
   * @param trx - that holds the lock on the subscription
   */
  chooseForReplay(
    trx: Knex.Transaction,
    subscriptionId: string,
    events: readonly OwedEvent[],
  ): Promise<OwedEvent[]> {
    return chooseForReplay(trx, subscriptionId, events);
  }

  /** Positions that readers have in hand, by subscription. */
  listClaimed(): Promise<Map<string, Set<number>>> {
    return listClaimed(this.#store.knex);
  }

  /** The last position that no cursor and no batch needs any more; undefined when there is no subscription. */
  readFloor(): Promise<number | undefined> {
    return readFloor(this.#store.knex);
  }

  /**
   * Lists subscriptions that no reader has asked for, and that none holds a batch of.
   *
   * @param silentForMs - since when, in milliseconds before now, where the subscription says nothing else
   */
  listSilent(silentForMs: number): Promise<string[]> {
    return listSilent(this.#store, silentForMs);
  }

  /**
   * Removes a subscription if it is silent as in {@link SubscriptionPool.listSilent}, or a part of what is owed to it:
   * to be called again until it is gone.
   */
  removeSilent(id: string, silentForMs: number): Promise<Expiry> {
    return removeSilent(this.#store, this.#deliveries, id, silentForMs);
  }

  /**
   * Removes a subscription with everything that is owed to it, a part at a time. Whoever registers it before the end
   * has it removed as well.
   */
  async remove(id: string): Promise<void> {
    const { knex, dialect } = this.#store;
    let isGone = false;
    while (!isGone) {
      isGone = await knex.transaction(async trx => {
        await dialect.lockSubscription(trx, id);
        return removeSubscription(trx, this.#deliveries, id);
      });
    }
  }
}
