import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import type { Knex } from 'knex';
import type { RetryWish } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../database';
import type { OwedEvent, Settlement } from '../model/batch';
import { keysOf } from '../model/keysOf';
import type { RetryPolicy } from '../model/retryPolicy';
import { owedStates, type AttemptRow, type DeliveryRow } from './deliveryRow';
import { claimDue } from './operations/claimDue';
import { findOwedKeys } from './operations/findOwedKeys';
import { forgetSubscription } from './operations/forgetSubscription';
import {
  listDeliveries,
  type DeliveryListing,
} from './operations/listDeliveries';
import { hastenDeliveries } from './operations/hastenDeliveries';
import { listNextDue } from './operations/listNextDue';
import { oweAgain, type OweAgainOptions } from './operations/oweAgain';
import { removeAndPromote } from './operations/removeAndPromote';
import { removeDead } from './operations/removeDead';
import { removeDeliveries } from './operations/removeDeliveries';
import { removeTrimmed } from './operations/removeTrimmed';
import { settleDeliveries } from './operations/settleDeliveries';
import { planSettlement, type PlannedDelivery } from './planSettlement';

/** What is measured about deliveries. */
export interface DeliveryObserver {
  onRetry(subscriptionId: string): void;
  onDead(
    subscriptionId: string,
    delivery: { eventId: string; topic: string; error: string },
  ): void;
}

const countLimit = 10_000;

/**
 * What is owed: events that failed, that wait behind one that failed, or that were asked for again; with their
 * attempts, until they are delivered or dead. The states and their moves are drawn at `owedStates`.
 */
export class DeliveryPool {
  readonly #store: Store;
  readonly #policy: RetryPolicy;
  readonly #isEphemeral: (topic: string) => boolean;
  readonly #observer: DeliveryObserver;

  constructor(options: {
    store: Store;
    policy: RetryPolicy;
    /** Whether events of a topic are tried once and no more. */
    isEphemeral: (topic: string) => boolean;
    observer: DeliveryObserver;
  }) {
    this.#store = options.store;
    this.#policy = options.policy;
    this.#isEphemeral = options.isEphemeral;
    this.#observer = options.observer;
  }

  /** Milliseconds until the next delivery of a subscription is due; undefined when none is to come. */
  async dueInMs(subscriptionId: string): Promise<number | undefined> {
    const { knex, dialect } = this.#store;
    const row = await knex('callboard_deliveries')
      .where({ subscription_id: subscriptionId, state: 'due' })
      .orderBy('due_at')
      .first<{ due_in: number | string } | undefined>(
        knex.raw(`due_at - ${dialect.nowMs} as due_in`),
      );
    return row && Number(row.due_in);
  }

  /** Milliseconds until the next delivery of each subscription is due, where one is to come. */
  listNextDue(): Promise<Map<string, number>> {
    return listNextDue(this.#store);
  }

  /**
   * Lets what failed lately be due at once: whatever it failed for is over.
   *
   * @param sinceMs - since when, in milliseconds before now
   * @returns how many there were
   */
  hasten(subscriptionId: string, sinceMs: number): Promise<number> {
    return hastenDeliveries(this.#store, subscriptionId, { sinceMs });
  }

  /** Lets one event that waits for its next attempt be due at once; tells whether it waited. */
  async hastenOne(subscriptionId: string, position: number): Promise<boolean> {
    const which = { position };
    return (await hastenDeliveries(this.#store, subscriptionId, which)) > 0;
  }

  /**
   * Claims due deliveries, but none with a key that is excluded.
   *
   * @param early - whether those that are due later may be claimed as well
   */
  async claimDue(
    trx: Knex.Transaction,
    subscriptionId: string,
    excludedKeys: ReadonlySet<string>,
    limit: { events: number; bytes: number },
    early = false,
  ): Promise<
    {
      position: number;
      key: string | undefined;
      attempts: number;
      size: number;
      dueAtMs: number;
    }[]
  > {
    const rows = await claimDue(
      trx,
      this.#store.dialect,
      subscriptionId,
      excludedKeys,
      limit,
      early,
    );
    return rows.map(row => ({
      position: Number(row.position),
      key: row.key ?? undefined,
      attempts: row.attempts,
      size: row.size,
      dueAtMs: Number(row.due_at),
    }));
  }

  /**
   * Those of the given keys that something is owed for.
   *
   * @param besidesClaimed - leaves out what a reader has in hand
   */
  findOwedKeys(
    trx: Knex.Transaction,
    subscriptionId: string,
    keys: readonly string[],
    besidesClaimed = false,
  ): Promise<Set<string>> {
    return findOwedKeys(
      trx,
      subscriptionId,
      keys,
      besidesClaimed ? ['due', 'blocked'] : owedStates,
    );
  }

  /**
   * Records outcomes, and lets the next of each key be due. What is of an ephemeral topic is tried once: nothing is
   * kept of it but that it was not tried yet.
   *
   * @param retry - what the subscription says about retries, over what is configured
   * @returns what to call once the transaction is committed: it tells the observer
   */
  async settle(
    trx: Knex.Transaction,
    subscriptionId: string,
    settlements: readonly Settlement[],
    retry?: RetryWish,
  ): Promise<() => void> {
    const isDone = ({ event, outcome }: Settlement) =>
      this.#isEphemeral(event.topic) && outcome.kind !== 'untried';
    const planned = planSettlement(
      settlements.filter(settlement => !isDone(settlement)),
      { ...this.#policy, ...withoutUndefined(retry) },
      Math.random,
    );
    const done = settlements.filter(
      settlement => settlement.owed && isDone(settlement),
    );
    await removeDeliveries(
      trx,
      subscriptionId,
      done.map(({ event }) => event.position),
    );
    await settleDeliveries(
      trx,
      this.#store.dialect,
      subscriptionId,
      planned,
      keysOf(settlements.map(({ event }) => event)),
    );
    return () => this.#announce(subscriptionId, planned);
  }

  #announce(subscriptionId: string, planned: readonly PlannedDelivery[]): void {
    for (const { settlement, state, error } of planned) {
      if (state === 'dead') {
        this.#observer.onDead(subscriptionId, {
          eventId: settlement.event.id,
          topic: settlement.event.topic,
          error: error ?? '',
        });
      } else if (error !== undefined) {
        this.#observer.onRetry(subscriptionId);
      }
    }
  }

  /** Those of the given positions that have a delivery: attempts so far, and what they are kept in order by. */
  async readAttempts(
    subscriptionId: string,
    positions: readonly number[],
  ): Promise<Map<number, { attempts: number; key: string | undefined }>> {
    const rows = await this.#store
      .knex<DeliveryRow>('callboard_deliveries')
      .where({ subscription_id: subscriptionId })
      .whereIn('position', [...positions])
      .select('position', 'attempts', 'key');
    return new Map(
      rows.map(({ position, attempts, key }) => [
        Number(position),
        { attempts, key: key ?? undefined },
      ]),
    );
  }

  /** Owes events to a subscription again, or counts what that would come to; those of ephemeral topics are left out. */
  async replay(
    subscriptionId: string,
    events: readonly OwedEvent[],
    options: OweAgainOptions,
  ): Promise<{ owed: number; alreadyOwed: number }> {
    return oweAgain(
      this.#store,
      subscriptionId,
      events.filter(({ topic }) => !this.#isEphemeral(topic)),
      options,
    );
  }

  /** Whether events of a topic are tried once and no more. */
  isEphemeral(topic: string): boolean {
    return this.#isEphemeral(topic);
  }

  /** Lists deliveries by position and subscription. */
  list(listing: DeliveryListing): Promise<DeliveryRow[]> {
    return listDeliveries(this.#store.knex, listing);
  }

  /** Every delivery of one event, and every attempt. */
  async readOfEvent(
    position: number,
  ): Promise<{ deliveries: DeliveryRow[]; attempts: AttemptRow[] }> {
    const { knex } = this.#store;
    const [deliveries, attempts] = await Promise.all([
      knex<DeliveryRow>('callboard_deliveries').where({ position }),
      knex<AttemptRow>('callboard_attempts')
        .where({ position })
        .orderBy('number'),
    ]);
    return { deliveries, attempts };
  }

  /** Deliveries of a subscription by state, each counted to 10,000 at most. */
  async count(
    subscriptionId: string,
    states: readonly DeliveryState[],
  ): Promise<Map<DeliveryState, number>> {
    const { knex } = this.#store;
    const counts = await Promise.all(
      states.map(async (state): Promise<[DeliveryState, number]> => {
        const row = await knex
          .count({ count: '*' })
          .from(
            knex('callboard_deliveries')
              .where({ subscription_id: subscriptionId, state })
              .select(knex.raw('1'))
              .limit(countLimit)
              .as('counted'),
          )
          .first();
        return [state, Number(row?.count ?? 0)];
      }),
    );
    return new Map(counts);
  }

  /**
   * The last position before the oldest event that is owed or dead; undefined when there is none.
   *
   * One statement, so that a delivery that goes from one state to another meanwhile is seen in one of them.
   */
  async readFloor(): Promise<number | undefined> {
    const { knex } = this.#store;
    const rows: { first: number | string | null }[] = await knex.unionAll(
      [...owedStates, 'dead'].map(state =>
        knex('callboard_deliveries')
          .where({ state })
          .min({ first: 'position' }),
      ),
    );
    const floors = rows.flatMap(({ first }) =>
      first === null ? [] : [Number(first) - 1],
    );
    return floors.length > 0 ? Math.min(...floors) : undefined;
  }

  /**
   * Removes the oldest deliveries and attempts of events that are trimmed.
   *
   * @param limit - how many deliveries at the most, and as many attempts without one
   * @returns how many were found, none when nothing is left; and how many of the deliveries were still owed or dead
   */
  removeUpTo(
    position: number,
    limit: number,
  ): Promise<{ found: number; lost: number }> {
    return removeTrimmed(this.#store, position, limit);
  }

  /**
   * Removes dead deliveries that nobody replayed.
   *
   * @param olderThanMs - since when they are dead, in milliseconds before now
   * @param limit - how many at the most
   */
  removeDead(olderThanMs: number, limit: number): Promise<number> {
    return removeDead(this.#store, olderThanMs, limit);
  }

  /**
   * Removes what is owed at positions that the log has lost, so that it neither holds the log nor what is behind it with
   * its key. Whatever is configured here: another replica, which trimmed it, may be configured otherwise.
   */
  async removeGone(
    subscriptionId: string,
    positions: readonly number[],
  ): Promise<void> {
    const { knex, dialect } = this.#store;
    await knex.transaction(async trx => {
      await dialect.lockSubscription(trx, subscriptionId);
      await removeAndPromote(trx, dialect, subscriptionId, positions);
    });
  }

  /**
   * Removes the oldest deliveries and attempts of a subscription that is to go.
   *
   * @param limit - how many deliveries at the most, and as many attempts without one
   * @returns whether nothing is left
   */
  forget(
    trx: Knex.Transaction,
    subscriptionId: string,
    limit: number,
  ): Promise<boolean> {
    return forgetSubscription(trx, this.#store.dialect, subscriptionId, limit);
  }
}

/** A wish that says nothing about something must not hide what is configured. */
function withoutUndefined(wish: RetryWish = {}): Partial<RetryPolicy> {
  return Object.fromEntries(
    Object.entries(wish).filter(([, value]) => value !== undefined),
  );
}
