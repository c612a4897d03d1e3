import type { Knex } from 'knex';
import type { RetryWish } from '@callboard/backstage-plugin-events-node/bus';
import type { Settlement } from '../model/batch';

/** A delivery that was claimed. */
export interface ClaimedDelivery {
  position: number;
  key: string | undefined;
  /** Attempts so far. */
  attempts: number;
  /** Bytes of the payload. */
  size: number;
  /** When it was due, in milliseconds since the epoch, by the clock of the store. */
  dueAtMs: number;
}

/**
 * What claiming and settling need of whoever keeps the deliveries. Those with a transaction run in the one that
 * holds the lock on the subscription.
 */
export interface OwedDeliveries {
  /** Milliseconds until the next delivery is due, 0 or less when one is due now; undefined when none is to come. */
  dueInMs(subscriptionId: string): Promise<number | undefined>;

  /**
   * Claims due deliveries, but none with a key that is excluded.
   *
   * @param early - whether those that are due later may be claimed as well
   */
  claimDue(
    trx: Knex.Transaction,
    subscriptionId: string,
    excludedKeys: ReadonlySet<string>,
    limit: { events: number; bytes: number },
    early?: boolean,
  ): Promise<ClaimedDelivery[]>;

  /**
   * Those of the given keys that something is owed for.
   *
   * @param besidesClaimed - leaves out what a reader has in hand
   */
  findOwedKeys(
    trx: Knex.Transaction,
    subscriptionId: string,
    keys: readonly string[],
    besidesClaimed?: boolean,
  ): Promise<Set<string>>;

  /**
   * Records outcomes, and lets the next of each key be due.
   *
   * @param retry - what the subscription says about retries
   * @returns what to call once the transaction is committed: it tells of retries and of what is dead
   */
  settle(
    trx: Knex.Transaction,
    subscriptionId: string,
    settlements: readonly Settlement[],
    retry: RetryWish | undefined,
  ): Promise<() => void>;

  /** Those of the given positions that have a delivery: attempts so far, and what they are kept in order by. */
  readAttempts(
    subscriptionId: string,
    positions: readonly number[],
  ): Promise<Map<number, Pick<ClaimedDelivery, 'attempts' | 'key'>>>;

  /** Removes what is owed at positions that the log has lost, and lets the next of each key be due. */
  removeGone(
    subscriptionId: string,
    positions: readonly number[],
  ): Promise<void>;

  /**
   * Removes the oldest deliveries of a subscription that is to go, so many at the most; returns whether nothing is left.
   */
  forget(
    trx: Knex.Transaction,
    subscriptionId: string,
    limit: number,
  ): Promise<boolean>;
}
