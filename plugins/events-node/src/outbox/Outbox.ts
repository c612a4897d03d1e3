import type {
  DatabaseService,
  LoggerService,
} from '@backstage/backend-plugin-api';
import { InputError } from '@backstage/errors';
import type { EventsService } from '@backstage/plugin-events-node';
import type { Knex } from 'knex';
import { requireDurable } from '../DurableEventsService';
import { checkEventCount, defaultMaxPayloadBytes } from '../eventRules';
import { dropOutbox, openOutbox } from './openOutbox';
import { writeRow, type TranslateRow } from './outboxRow';
import { sharedOutbox, type OutboxOrder } from './OutboxTable';
import { OutboxRelay, type RelayTurn } from './OutboxRelay';
import type { OutboxEvent, OutboxService } from './OutboxService';
import { insertRows } from './operations/insertRows';

/**
 * An outbox: a table in a plugin's own database, and the relay that moves its rows into the log.
 *
 * @remarks
 * Whoever publishes inserts rows, in a transaction of their own. The relay reads the rows in the order of their places,
 * publishes a page of them in one commit, and deletes them. The id of a row is the id of its event, so what a crash
 * between the two leaves behind is published again and stored once.
 *
 * Most plugins depend on {@link outboxServiceRef}, which makes one for them.
 *
 * @public
 */
export class Outbox implements OutboxService {
  readonly #relay: OutboxRelay;
  readonly #table: string;
  readonly #maxPayloadBytes: number;
  readonly #watched = new WeakSet<Knex.Transaction>();

  /**
   * Makes the tables, unless the plugin's migrations are to be skipped.
   *
   * @param options.database - of the plugin
   * @param options.events - the plugin's events service, kept by Callboard
   * @param options.maxPayloadBytes - as `events.publish.maxPayloadBytes` of the events backend
   * @param options.table - name of the outbox, at most 40 small letters and underscores; default: `callboard_outbox`, the
   *   one that the plugin and its modules share
   * @param options.order - in which rows are relayed; default: `commits`. An outbox that is there keeps its own
   * @param options.share - of the time that relaying may take, above 0 and at most 1. Rows gather meanwhile, for half a
   *   second at most: to relay a few costs most of what many do. Default: 1
   * @param options.translate - makes events of rows that something else wrote, such as triggers; needs a table of its own
   * @param options.format - the topic of the rows that `translate` knows. A row with another one is left, with all behind
   *   it, to a process that knows it. Default: all are known
   * @returns an outbox whose relay is not started
   * @throws Error when the events service is not Callboard's, or the database is neither PostgreSQL nor SQLite
   */
  static async create(options: {
    database: DatabaseService;
    events: EventsService;
    logger: LoggerService;
    maxPayloadBytes?: number;
    table?: string;
    order?: OutboxOrder;
    translate?: TranslateRow;
    format?: string;
    share?: number;
  }): Promise<Outbox> {
    const {
      database,
      events,
      logger,
      maxPayloadBytes = defaultMaxPayloadBytes,
      table = sharedOutbox.table,
      order = sharedOutbox.order,
      translate,
      format,
      share,
    } = options;
    if (translate && table === sharedOutbox.table) {
      throw new Error(
        'An outbox that translates its rows needs a table of its own: the shared one has events of the plugin and its modules',
      );
    }
    if (share !== undefined && !(share > 0 && share <= 1)) {
      throw new Error(
        `The share of the time for relaying must be above 0 and at most 1, got ${share}`,
      );
    }
    const durableEvents = requireDurable(events);
    const store = await openOutbox(database, { table, order });
    return new Outbox(
      new OutboxRelay({
        store,
        events: durableEvents,
        logger,
        maxPayloadBytes,
        reading: { translate, format },
        share,
      }),
      { table: store.table, maxPayloadBytes },
    );
  }

  /**
   * Removes the tables of an outbox, with what waits in them; does nothing where there are none.
   *
   * @param options.table - as for {@link Outbox.create}
   */
  static async drop(options: {
    database: DatabaseService;
    table?: string;
  }): Promise<void> {
    const { database, table = sharedOutbox.table } = options;
    await dropOutbox(database, { ...sharedOutbox, table });
  }

  private constructor(
    relay: OutboxRelay,
    options: { table: string; maxPayloadBytes: number },
  ) {
    this.#relay = relay;
    this.#table = options.table;
    this.#maxPayloadBytes = options.maxPayloadBytes;
  }

  async publish(trx: Knex.Transaction, event: OutboxEvent): Promise<string> {
    const [id] = await this.publishAll(trx, [event]);
    return id;
  }

  async publishAll(
    trx: Knex.Transaction,
    events: readonly OutboxEvent[],
  ): Promise<string[]> {
    if (!trx.isTransaction) {
      throw new InputError(
        'An outbox publishes in a transaction: pass the one that writes what the event tells of',
      );
    }
    checkEventCount(events);
    const rows = events.map(event => writeRow(event, this.#maxPayloadBytes));
    await insertRows(trx, this.#table, rows);
    this.#wakeAfter(trx);
    return rows.map(({ id }) => id);
  }

  /** Lets the relay look at once: something that it knows nothing of may have written a row. */
  wake(): void {
    this.#relay.wake();
  }

  /** Starts to relay; does nothing when it has been started. */
  start(): void {
    this.#relay.start();
  }

  /** Relays no more, once the running turn has ended. What waits is relayed by another replica, or after the next start. */
  stop(): Promise<void> {
    return this.#relay.stop();
  }

  /**
   * Relays one page, beside the turns that the relay takes by itself.
   *
   * @throws whatever the events service or the database threw; the page is kept
   */
  runOnce(): Promise<RelayTurn> {
    return this.#relay.runOnce();
  }

  /** Has the relay look when the outermost transaction is over; earlier there is nothing that it could see. */
  #wakeAfter(trx: Knex.Transaction): void {
    let outermost = trx;
    while (outermost.parentTransaction) {
      outermost = outermost.parentTransaction;
    }
    if (this.#watched.has(outermost)) {
      return;
    }
    this.#watched.add(outermost);
    outermost.executionPromise.then(
      () => this.#relay.wake(),
      () => {},
    );
  }
}
