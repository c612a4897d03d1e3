import type { Knex } from 'knex';
import type {
  EventLog,
  LogEvent,
  LogSlice,
} from '@callboard/backstage-plugin-events-node';
import {
  SubscriptionMissingError,
  type RetryWish,
  type StartPosition,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../database';
import type { Batch, Outcome, OwedEvent, Settlement } from '../model/batch';
import { wasNotified } from '../model/notified';
import type { OwedDeliveries } from './OwedDeliveries';
import { chooseForReplay } from './operations/chooseForReplay';
import { claimBatch, type ClaimedBatch } from './operations/claimBatch';
import { claimUncontended } from './operations/claimUncontended';
import { isWanted } from './operations/isWanted';
import { keepUp } from './operations/keepUp';
import { listClaimed } from './operations/listClaimed';
import { readFloor } from './operations/readFloor';
import { removeEndedTopics } from './operations/removeEndedTopics';
import {
  listSilent,
  removeSilent,
  type Expiry,
} from './operations/removeSilent';
import { removeSubscription } from './operations/removeSubscription';
import { endUnwantedTopics } from './operations/endUnwantedTopics';
import {
  findLapsedBatches,
  readBatch,
  type OpenBatch,
} from './operations/readBatches';
import {
  readSubscription,
  readSubscriptions,
} from './operations/readSubscriptions';
import { registerSubscription } from './operations/registerSubscription';
import { renewLeases } from './operations/renewLeases';
import { settleBatch } from './operations/settleBatch';
import { settleDelivered } from './operations/settleDelivered';
import { LoneReaders } from './LoneReaders';
import { wants, type Subscription } from './subscriptionRow';

/** The part of the log that claiming reads. */
export interface ClaimableLog extends Pick<EventLog, 'readAfter' | 'tail'> {
  readPositions(positions: readonly number[]): Promise<LogEvent[]>;
  readHeads(positions: readonly number[]): Promise<OwedEvent[]>;
  findNext(
    position: number,
    topics: readonly string[],
  ): Promise<number | undefined>;
  ends(): Promise<{ head: number; tail: number }>;
  positionBefore(timeMs: number): Promise<number>;
}

/** What may be said of a subscription when it is registered. */
export interface Terms {
  /** Where it starts when it is made. Default: the end. */
  start?: StartPosition;
  /** Default: what another process said, or what is configured. */
  retry?: RetryWish;
  /**
   * Decides the time without a reader after which it goes, in milliseconds; undefined for what is configured.
   *
   * @param topics - that the subscription wants once it is registered, those of other processes included
   */
  decideExpiry?: (topics: readonly string[]) => number | undefined;
}

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
  readonly #log: ClaimableLog;
  readonly #deliveries: OwedDeliveries;
  readonly #loneReaders = new LoneReaders();

  constructor(options: {
    store: Store;
    log: ClaimableLog;
    deliveries: OwedDeliveries;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#deliveries = options.deliveries;
  }

  /**
   * Makes a subscription stand.
   *
   * @param id - `<plugin>.<name>`; replicas that use the same id share its events
   * @param topics - that it wants from now on; those it wanted before stay until `endUnwantedTopics` ends them
   * @returns when the row is there: every event appended later reaches it
   * @throws InputError when it would want more topics than one subscription may
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
  async #findStart(start: StartPosition): Promise<number | undefined> {
    switch (start) {
      case 'end':
        return undefined;
      case 'beginning':
        return (await this.#log.ends()).head;
      default: {
        // Before an event that is trimmed nothing is left to read, and the log would be kept for it.
        const [{ head }, position] = await Promise.all([
          this.#log.ends(),
          this.#log.positionBefore(start.timeMs),
        ]);
        return Math.max(head, position);
      }
    }
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
  async claim(id: string, options: ClaimOptions): Promise<Claim> {
    let wanted: Subscription | undefined;
    for (let turn = 0; turn < turnsPerClaim; turn += 1) {
      const subscription =
        this.#loneReaders.recall(id) ?? (await this.#readAnew(id));
      wanted = subscription;
      const slice = await this.#log.readAfter(
        subscription.cursor,
        { topics: topicsBehind(subscription) },
        { events: options.maxEvents, bytes: options.maxBytes },
      );
      const candidates = slice.events.filter(
        event => wants(subscription.topics, event) && !wasNotified(event, id),
      );
      const claim = await (candidates.length > 0 &&
      this.#store.dialect.hasFunctions
        ? this.#claimUncontended(subscription, candidates, slice, options)
        : 'contended');
      if (claim === 'moved') {
        continue;
      }
      if (claim !== 'contended') {
        return claim;
      }
      const contended = await this.#claimContended(
        subscription,
        candidates,
        slice,
        options,
      );
      if (contended !== 'moved') {
        return contended;
      }
      this.#loneReaders.forget(id);
    }
    // A caller that stops, or whose time is up, is not kept any longer.
    return {
      batch: undefined,
      dueInMs: 0,
      more: true,
      topics: wanted ? wantedTopics(wanted) : new Set(),
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
    { upTo }: LogSlice,
    { leaseMs }: ClaimOptions,
  ): Promise<Claim | 'contended' | 'moved'> {
    const claimed = await claimUncontended(this.#store.knex, {
      subscription,
      candidates,
      upTo,
      leaseMs,
    });
    if (claimed === 'contended') {
      return claimed;
    }
    if (claimed === 'moved') {
      this.#loneReaders.forget(subscription.id);
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
    const owed = await this.#readOwed(
      id,
      claimed.owed.map(({ position }) => position),
    ).catch(async error => {
      // Nobody gets the ticket; left to lapse, it would cost each of its events an attempt.
      await this.settleTicket(claimed.ticket, id, new Map()).catch(() => {});
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

  async #readOwed(
    id: string,
    positions: readonly number[],
  ): Promise<LogEvent[]> {
    const owed = await this.#log.readPositions(positions);
    await this.#removeGone(id, positions, owed);
    return owed;
  }

  /**
   * Settles a batch.
   *
   * @param settlements - one for each event of the batch
   * @returns false when the ticket had lapsed: nothing was recorded, and the events are owed to whoever claims next
   */
  async settle(
    ticket: string,
    subscriptionId: string,
    settlements: readonly Settlement[],
  ): Promise<boolean> {
    const { knex, dialect } = this.#store;
    const settlement = { ticket, subscriptionId, settlements };
    const isUneventful = settlements.every(
      ({ owed, outcome }) => !owed && outcome.kind === 'delivered',
    );
    const settled =
      isUneventful && dialect.hasFunctions
        ? await settleDelivered(knex, settlement)
        : 'contended';
    return settled === 'contended'
      ? settleBatch(this.#store, this.#deliveries, settlement)
      : settled;
  }

  /**
   * Settles a batch for a reader that keeps nothing but the ticket and the outcomes.
   *
   * @param outcomes - by position; an event without one was not tried
   * @returns false when the ticket had lapsed, or is of another subscription
   */
  async settleTicket(
    ticket: string,
    subscriptionId: string,
    outcomes: ReadonlyMap<number, Outcome>,
  ): Promise<boolean> {
    const batch = await readBatch(this.#store, ticket);
    if (batch?.subscriptionId !== subscriptionId) {
      return false;
    }
    const settlements = await this.#rebuild(
      batch,
      position => outcomes.get(position) ?? { kind: 'untried' },
    );
    return this.settle(ticket, subscriptionId, settlements);
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
  async rescueLapsed(
    limit: number,
  ): Promise<{ batches: number; topics: Set<string>; failure?: unknown }> {
    const lapsed = await findLapsedBatches(this.#store, limit);
    const topics = new Set<string>();
    let batches = 0;
    let failure: unknown;
    for (const batch of lapsed) {
      try {
        const events = await this.#rescue(batch);
        batches += events ? 1 : 0;
        events?.forEach(({ topic }) => topics.add(topic));
      } catch (error) {
        failure ??= error;
      }
    }
    return { batches, topics, failure };
  }

  /** Settles a lapsed batch in its reader's stead; undefined when the reader was faster after all. */
  async #rescue(batch: OpenBatch): Promise<OwedEvent[] | undefined> {
    const settlements = await this.#rebuild(batch, () => ({ kind: 'lapsed' }));
    const rescued = await settleBatch(this.#store, this.#deliveries, {
      ticket: batch.ticket,
      subscriptionId: batch.subscriptionId,
      lapsed: true,
      settlements,
    });
    return rescued ? settlements.map(({ event }) => event) : undefined;
  }

  /** What a batch is made of, from what is stored about it. */
  async #rebuild(
    { subscriptionId, positions }: OpenBatch,
    decide: (position: number) => Outcome,
  ): Promise<Settlement[]> {
    const attempts = await this.#deliveries.readAttempts(
      subscriptionId,
      positions,
    );
    const events = await this.#log.readHeads(positions);
    await this.#removeGone(subscriptionId, positions, events);
    return events.map(event => ({
      event,
      attempt: (attempts.get(event.position) ?? 0) + 1,
      owed: attempts.has(event.position),
      outcome: decide(event.position),
    }));
  }

  /**
   * Removes what was owed, and whose event went after the short time of an ephemeral topic. What the hard cap took lies
   * before the head of the log; the trimming removes and counts that itself.
   */
  async #removeGone(
    id: string,
    positions: readonly number[],
    found: readonly { position: number }[],
  ): Promise<void> {
    const here = new Set(found.map(({ position }) => position));
    const missing = positions.filter(position => !here.has(position));
    if (missing.length === 0) {
      return;
    }
    const { head } = await this.#log.ends();
    const gone = missing.filter(position => position > head);
    if (gone.length > 0) {
      await this.#deliveries.removeGone(id, gone);
    }
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
    return Promise.all(
      subscriptions.map(async subscription => ({
        subscriptionId: subscription.id,
        lag: await this.readLag(subscription, tail),
      })),
    );
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

function wantedTopics({ topics }: Subscription): ReadonlySet<string> {
  return new Set(
    topics.filter(({ to }) => to === undefined).map(({ topic }) => topic),
  );
}

/** Topics that the subscription may still find something of behind its cursor. */
function topicsBehind({ topics, cursor }: Subscription): string[] {
  return [
    ...new Set(
      topics
        .filter(({ to }) => to === undefined || to > cursor)
        .map(({ topic }) => topic),
    ),
  ];
}
