import type { Knex } from 'knex';
import type { Store } from '../database';
import type {
  AttemptHead,
  Endpoint,
  EndpointAttempt,
  EndpointReplay,
  OpenSecrets,
} from './Endpoint';
import { advanceReplay, type ReplayProgress } from './operations/advanceReplay';
import { cancelReplay } from './operations/cancelReplay';
import {
  changeEndpoint,
  type EndpointChange,
} from './operations/changeEndpoint';
import { createEndpoint, type NewEndpoint } from './operations/createEndpoint';
import { createReplay, type NewReplay } from './operations/createReplay';
import { endAnnouncement } from './operations/endAnnouncement';
import { expireKeys } from './operations/expireKeys';
import type { DeclaredEndpoint } from './operations/changeDeclared';
import { keepDeclared, type KeptDeclared } from './operations/keepDeclared';
import {
  listAnnouncements,
  type Announcement,
} from './operations/listAnnouncements';
import { listAttemptHeads } from './operations/listAttemptHeads';
import { listAttempts, type AttemptListing } from './operations/listAttempts';
import { listEndpoints, type EndpointFilter } from './operations/listEndpoints';
import { listReplays, listRunningReplays } from './operations/listReplays';
import { listRevisions } from './operations/listRevisions';
import { openSecrets } from './operations/openSecrets';
import { readAttempt } from './operations/readAttempt';
import { readEndpoint } from './operations/readEndpoint';
import {
  readAllHealth,
  readHealth,
  type EndpointHealth,
} from './operations/readHealth';
import { readNow } from './operations/readNow';
import { readReplay } from './operations/readReplay';
import {
  reconcileEndpoints,
  type Reconciliation,
} from './operations/reconcileEndpoints';
import { recordAttempts } from './operations/recordAttempts';
import { refundAttempts } from './operations/refundAttempts';
import { removeAttempts, removeAttemptsOf } from './operations/removeAttempts';
import { removeEndpoint } from './operations/removeEndpoint';
import { removeReplays } from './operations/removeReplays';
import { replaceHealth } from './operations/replaceHealth';
import { resealOutdated } from './operations/resealOutdated';
import {
  reserveAttempts,
  type ReservationWish,
} from './operations/reserveAttempts';
import { rotateKey, type KeyRotation } from './operations/rotateKey';
import {
  setEndpointState,
  type StateChange,
} from './operations/setEndpointState';
import {
  summarizeAttempts,
  type AttemptSummary,
} from './operations/summarizeAttempts';
import type { Reservation } from './planReservation';
import type { OnUnreadable } from './readRows';
import type { SecretVault } from './SecretVault';
import type { KeyMaker } from './signingKeys';

/**
 * Endpoints of outbound webhooks: what each is told to do, its secrets, its state, its health, its attempts and its
 * replays. It sends nothing.
 *
 * Each change of an endpoint locks its row first, then those of its health and its replays, and gives it another revision:
 * whoever has read one can ask that it is still the same, and whoever keeps them in memory looks at the revisions alone.
 * What changes with each request, the health and the rate limit, is replaced only if it is still what was read.
 *
 * Errors, those of the API among them, and when they come stand at the operations.
 */
export class EndpointPool {
  readonly #store: Store;
  readonly #vault: SecretVault;
  readonly #keys: KeyMaker;
  readonly #onUnreadable: OnUnreadable;

  constructor(options: {
    store: Store;
    vault: SecretVault;
    /** Makes signing keys and tells what they are. */
    keys: KeyMaker;
    /** Told of a row that is left out of a list or passed over by a chore, because it cannot be read. */
    onUnreadable: OnUnreadable;
  }) {
    this.#store = options.store;
    this.#vault = options.vault;
    this.#keys = options.keys;
    this.#onUnreadable = options.onUnreadable;
  }

  /** Makes an endpoint of the API. `signing` is to be shown once. */
  create(
    endpoint: NewEndpoint,
  ): Promise<{ endpoint: Endpoint; signing: string[] }> {
    return createEndpoint(this.#store, this.#vault, this.#keys, endpoint);
  }

  /** Reads an endpoint; undefined when there is none. */
  read(id: string): Promise<Endpoint | undefined> {
    return readEndpoint(this.#store.knex, id);
  }

  /** Lists endpoints by id. */
  list(filter: EndpointFilter = {}): Promise<Endpoint[]> {
    return listEndpoints(this.#store.knex, filter, this.#onUnreadable);
  }

  /** The revision of each endpoint, by its id; those that cannot be read included. */
  listRevisions(): Promise<Map<string, string>> {
    return listRevisions(this.#store.knex);
  }

  /** Changes an endpoint of the API. `signing` is to be shown once: of the keys that were made for it. */
  change(
    id: string,
    change: EndpointChange,
    expectedRevision?: string,
  ): Promise<{ endpoint: Endpoint; signing: string[] }> {
    return changeEndpoint(
      this.#store,
      this.#vault,
      this.#keys,
      id,
      change,
      expectedRevision,
    );
  }

  /** Makes the endpoints of the configuration what it declares. */
  reconcile(
    declared: readonly DeclaredEndpoint[],
    startPosition?: number,
  ): Promise<Reconciliation> {
    return reconcileEndpoints(this.#store, declared, startPosition);
  }

  /**
   * Says which endpoints of the configuration stand as this process declares them; takes back those that another process
   * has declared otherwise and does not any more, and removes those that none declares any more.
   *
   * @param limits - since when, in milliseconds before now
   */
  keepDeclared(
    declared: readonly DeclaredEndpoint[],
    limits: { foreignForMs: number; silentForMs: number },
  ): Promise<KeptDeclared> {
    return keepDeclared(this.#store, declared, limits);
  }

  /** The store's clock, in milliseconds since the epoch. */
  readNow(): Promise<number> {
    return readNow(this.#store.knex, this.#store.dialect);
  }

  /** Brings an endpoint into another state; undefined when nothing was done. */
  setState(
    id: string,
    change: StateChange,
    expectedRevision?: string,
  ): Promise<Endpoint | undefined> {
    return setEndpointState(this.#store, id, change, expectedRevision);
  }

  /** Lists the endpoints whose state is still to be told of. */
  listAnnouncements(): Promise<Announcement[]> {
    return listAnnouncements(this.#store.knex, this.#onUnreadable);
  }

  /** Ends an announcement, once its event is in the log. */
  endAnnouncement(id: string, eventId: string): Promise<void> {
    return endAnnouncement(this.#store.knex, id, eventId);
  }

  /** Removes an endpoint of the API, but not its attempts; tells whether there was one. */
  remove(id: string, expectedRevision?: string): Promise<boolean> {
    return removeEndpoint(this.#store, id, expectedRevision);
  }

  /** Opens the secrets of an endpoint of the API, as long as it has not been changed since it was read. */
  openSecrets(
    endpoint: Pick<Endpoint, 'id' | 'managedBy' | 'revision'>,
  ): Promise<OpenSecrets> {
    return openSecrets(this.#store, this.#vault, endpoint);
  }

  /**
   * Seals anew what was sealed with an older key.
   *
   * @param limit - how many at the most
   * @returns how many were
   */
  resealOutdated(limit: number): Promise<number> {
    return resealOutdated(this.#store, this.#vault, limit, this.#onUnreadable);
  }

  /** Gives an endpoint of the API a new signing key. `signing` is to be shown once. */
  rotate(
    id: string,
    rotation: KeyRotation,
    expectedRevision?: string,
  ): Promise<{ endpoint: Endpoint; signing: string }> {
    return rotateKey(
      this.#store,
      this.#vault,
      this.#keys,
      id,
      rotation,
      expectedRevision,
    );
  }

  /** Removes signing keys that have ended; tells how many. */
  expireKeys(): Promise<number> {
    return expireKeys(this.#store, this.#vault, this.#onUnreadable);
  }

  /** Reads the health of an endpoint; undefined while nothing has ever been known of it. */
  readHealth(id: string): Promise<EndpointHealth | undefined> {
    return readHealth(this.#store.knex, id);
  }

  /** Reads the health of all endpoints of which something was known at some time. */
  readAllHealth(): Promise<Map<string, EndpointHealth>> {
    return readAllHealth(this.#store.knex);
  }

  /** Replaces the health of an endpoint, if both are still what was read; tells whether it was. */
  replaceHealth(
    id: string,
    expectedVersion: number | undefined,
    health: unknown,
    expectedRevision?: string,
  ): Promise<boolean> {
    return replaceHealth(
      this.#store.knex,
      id,
      expectedVersion,
      health,
      expectedRevision,
    );
  }

  /** Reserves attempts within the rate limit of an endpoint, over all replicas. */
  reserve(id: string, wish: ReservationWish): Promise<Reservation> {
    return reserveAttempts(this.#store, id, wish);
  }

  /** Gives back, at once, attempts that were reserved and do not begin. */
  refund(id: string, count: number, intervalMs: number): Promise<void> {
    return refundAttempts(this.#store.knex, id, count, intervalMs);
  }

  /** Writes attempts down. */
  recordAttempts(attempts: readonly EndpointAttempt[]): Promise<void> {
    return recordAttempts(this.#store, attempts);
  }

  /** Lists attempts, the newest first. */
  listAttempts(listing: AttemptListing): Promise<EndpointAttempt[]> {
    return listAttempts(this.#store.knex, listing, this.#onUnreadable);
  }

  /** Lists attempts without requests and answers, the newest first. */
  listAttemptHeads(listing: AttemptListing): Promise<AttemptHead[]> {
    return listAttemptHeads(this.#store.knex, listing, this.#onUnreadable);
  }

  /** Reads an attempt by its UUID; undefined when there is none. */
  readAttempt(id: string): Promise<EndpointAttempt | undefined> {
    return readAttempt(this.#store.knex, id);
  }

  /**
   * Summarizes the attempts of an endpoint.
   *
   * @param sinceMs - in milliseconds since the epoch
   */
  summarizeAttempts(id: string, sinceMs: number): Promise<AttemptSummary> {
    return summarizeAttempts(this.#store.knex, id, sinceMs);
  }

  /**
   * Removes the oldest attempts.
   *
   * @param olderThanMs - when they began, in milliseconds before now
   * @param limit - how many at the most
   * @returns how many were removed
   */
  removeAttempts(olderThanMs: number, limit: number): Promise<number> {
    return removeAttempts(this.#store, olderThanMs, limit);
  }

  /**
   * Removes the oldest attempts of an endpoint, such as one that was removed.
   *
   * @param limit - how many at the most
   * @returns how many were removed
   */
  removeAttemptsOf(id: string, limit: number): Promise<number> {
    return removeAttemptsOf(this.#store.knex, id, limit);
  }

  /** Writes down a replay that is to run. */
  createReplay(replay: NewReplay): Promise<EndpointReplay> {
    return createReplay(this.#store, replay);
  }

  /** Reads a replay by its UUID; undefined when there is none. */
  readReplay(id: string): Promise<EndpointReplay | undefined> {
    return readReplay(this.#store.knex, id);
  }

  /** Lists the newest replays of an endpoint, newest first. */
  listReplays(endpointId: string): Promise<EndpointReplay[]> {
    return listReplays(this.#store.knex, endpointId, this.#onUnreadable);
  }

  /** Lists the replays that are to go on, the oldest first. */
  listRunningReplays(): Promise<EndpointReplay[]> {
    return listRunningReplays(this.#store.knex, this.#onUnreadable);
  }

  /**
   * Moves a running replay on, if it is still where it was read; tells whether it was.
   *
   * @param trx - in which; in one of its own by default
   */
  advanceReplay(
    id: string,
    expectedPlace: number,
    progress: ReplayProgress,
    trx?: Knex.Transaction,
  ): Promise<boolean> {
    const { knex, dialect } = this.#store;
    return advanceReplay(
      { knex: trx ?? knex, dialect },
      id,
      expectedPlace,
      progress,
    );
  }

  /** Cancels a replay; tells whether it was running. */
  cancelReplay(id: string): Promise<boolean> {
    return cancelReplay(this.#store, id);
  }

  /**
   * Removes replays that have ended.
   *
   * @param olderThanMs - when they ended, in milliseconds before now
   * @param limit - how many at the most
   * @returns how many were removed
   */
  removeReplays(olderThanMs: number, limit: number): Promise<number> {
    return removeReplays(this.#store, olderThanMs, limit);
  }
}
