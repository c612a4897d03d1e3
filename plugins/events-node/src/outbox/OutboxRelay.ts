import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { DurableEventsService } from '../DurableEventsService';
import { maxMetadataBytes } from '../eventRules';
import { FailureLog } from '../FailureLog';
import { WakeUp } from '../handling/WakeUp';
import { withTimeLimit } from '../handling/withTimeLimit';
import type { OutboxStore } from './openOutbox';
import { readPage, type PageLimit } from './operations/readPage';
import { removeRows } from './operations/removeRows';
import {
  readRow,
  type IdleRow,
  type ReadableRow,
  type RefusedRow,
  type RowReading,
  type UnknownRow,
} from './outboxRow';
import { publishInOrder } from './publishInOrder';

/**
 * What became of a relay's turn.
 *
 * @public
 */
export type RelayTurn =
  /** Nothing waits. */
  | { outcome: 'empty' }
  /** Something waits, and another replica is relaying. */
  | { outcome: 'elsewhere' }
  /** So many events were published; so many were refused for good and moved aside. */
  | {
      outcome: 'relayed';
      published: number;
      refused: number;
      /** Whether that was a whole page, so that more may be waiting. */
      full: boolean;
    };

/** As many as the group commit of the log takes at once. */
const pageRows = 500;
const pageBytes = 4 * 1024 * 1024;
/** How long until the next turn, by what became of the last, in milliseconds. */
const delaysMs: Record<RelayTurn['outcome'], number> = {
  relayed: 0,
  /** For rows that other processes write; those of this one wake the relay. */
  empty: 1_000,
  elsewhere: 250,
};
/** How long rows gather at the most, in milliseconds. */
const longestGatherMs = 500;
const firstRetryMs = 250;
const lastRetryMs = 15_000;
/** How long the stop waits for the running turn, in milliseconds. */
const stopLimitMs = 15_000;

/**
 * Moves the rows of an outbox into the log, in the order of their places.
 *
 * @remarks
 * A turn reads a page, publishes it, and deletes it. Whatever goes wrong in between, the page is still there and is
 * published again under the same ids, which the log has already.
 *
 * The order holds with any number of relays, taking turns or not. What was deleted had been published before, so a
 * relay that reads the front of the outbox and publishes it in one commit leaves the log with everything up to the end
 * of its page; what another relay has published of it meanwhile is passed over. Turns are there to save that work. In the
 * order of insertions a lower place may still be committed; then it is about something else, and all of this holds for
 * each thing by itself.
 *
 * A turn ends in bounded time: a connection over which nothing goes is given up by the dialect, and publishing has a
 * time limit of its own. So the next turn may wait for the last, and the stop for both.
 */
export class OutboxRelay {
  readonly #store: OutboxStore;
  readonly #events: DurableEventsService;
  readonly #logger: LoggerService;
  readonly #failureLog: FailureLog;
  readonly #reading: RowReading;
  readonly #pageLimit: PageLimit;
  readonly #stopLimitMs: number;
  readonly #share: number;
  readonly #wakeUp = new WakeUp();
  readonly #stop = new WakeUp();
  #loop: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #failures = 0;

  constructor(options: {
    store: OutboxStore;
    events: DurableEventsService;
    logger: LoggerService;
    maxPayloadBytes: number;
    /** What is made of rows that are no events by themselves. */
    reading?: RowReading;
    /** Of the time that relaying may take, above 0 and at most 1; rows gather meanwhile. */
    share?: number;
    stopLimitMs?: number;
  }) {
    this.#store = options.store;
    this.#reading = options.reading ?? {};
    this.#share = options.share ?? 1;
    this.#events = options.events;
    this.#logger = options.logger;
    this.#failureLog = new FailureLog({
      logger: options.logger,
      failed:
        'Relaying events from the outbox fails; they are kept in the database of the plugin, and it is tried again',
      worked: 'Events are relayed from the outbox again',
    });
    this.#stopLimitMs = options.stopLimitMs ?? stopLimitMs;
    this.#pageLimit = {
      rows: pageRows,
      bytes: pageBytes,
      // Payload, metadata, topic and key; what is larger cannot be published, so it is not even read. A row that is
      // translated may hold what was before and what is now.
      rowBytes:
        (options.reading?.translate ? 2 : 1) * options.maxPayloadBytes +
        2 * maxMetadataBytes,
    };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Waits for the running turn, but not for ever: a turn that is cut off loses nothing. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp.wake();
    this.#stop.wake();
    await withTimeLimit(
      Promise.all([this.#loop, this.#turn]),
      this.#stopLimitMs,
      () =>
        new Error(
          `The running turn did not end within ${
            this.#stopLimitMs
          } ms; what it had in hand is relayed again`,
        ),
    ).catch(error =>
      this.#logger.warn('The relay of the outbox was left behind', error),
    );
  }

  /** Lets the relay look at once. */
  wake(): void {
    // While nothing can be relayed, publishers must not make it try more often.
    if (this.#failures === 0) {
      this.#wakeUp.wake();
    }
  }

  /** Takes one turn. Turns of one process follow each other. */
  runOnce(): Promise<RelayTurn> {
    const turn = this.#turn.then(() => this.#relayPage());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#wakeUp.reset();
      const delayMs = await this.#runTurn();
      // SQLite answers within the turn of the event loop, so a full outbox would leave no turn to anybody else.
      await nextTurn();
      if (delayMs > 0) {
        await this.#wakeUp.sleep(delayMs);
      }
    }
  }

  /** @returns how long to wait for the next turn, in milliseconds */
  async #runTurn(): Promise<number> {
    try {
      const begin = performance.now();
      const turn = await this.runOnce();
      this.#failures = 0;
      this.#failureLog.onWorked();
      if (turn.outcome === 'relayed' && !turn.full && this.#share < 1) {
        const tookMs = performance.now() - begin;
        const gatherMs = tookMs * (1 / this.#share - 1);
        await this.#stop.sleep(Math.min(gatherMs, longestGatherMs));
      }
      return delaysMs[turn.outcome];
    } catch (error) {
      this.#failures += 1;
      if (!this.#stopped) {
        this.#failureLog.onFailed(error);
      }
      return chooseRetryDelayMs(this.#failures, Math.random());
    }
  }

  async #relayPage(): Promise<RelayTurn> {
    const { knex, table, dialect } = this.#store;
    const page = await dialect.takeTurn(knex, table, async turn => {
      const front = await readPage(turn.connection, table, this.#pageLimit);
      const rows = takeKnown(
        front.map(row => readRow(row, this.#reading)),
        table,
      );
      const readable = rows.filter(isReadable);
      const refusedBySystem = await turn.holdWhile(
        publishInOrder(this.#events, readable),
      );
      const refused = [...rows.filter(isRefused), ...refusedBySystem];
      await removeRows(
        turn.connection,
        table,
        rows.map(({ place }) => place),
        refused,
      );
      return {
        published: readable.length - refusedBySystem.length,
        refused,
        full:
          rows.length === this.#pageLimit.rows ||
          rows.reduce((sum, { size }) => sum + size, 0) >=
            this.#pageLimit.bytes,
      };
    });
    if (typeof page === 'string') {
      return { outcome: page };
    }
    for (const { id, error } of page.refused) {
      this.#logger.error(
        `Event ${id} can never be published and was moved from ${table} to ${table}_refused: ${error}`,
      );
    }
    return {
      outcome: 'relayed',
      published: page.published,
      full: page.full,
      refused: page.refused.length,
    };
  }
}

type ReadRow = ReadableRow | IdleRow | RefusedRow;

/**
 * Takes what is in front of the first row that is left to another version: none may be passed over.
 *
 * @throws Error when that is the first of all
 */
function takeKnown(
  rows: readonly (ReadRow | UnknownRow)[],
  table: string,
): ReadRow[] {
  const known: ReadRow[] = [];
  for (const row of rows) {
    if (!('unknownFormat' in row)) {
      known.push(row);
    } else if (known.length === 0) {
      throw new Error(
        `The next row of ${table} has the format '${row.unknownFormat}', which this version does not know: a process with the version that wrote it relays it, or this one once it is updated`,
      );
    } else {
      break;
    }
  }
  return known;
}

function isReadable(row: ReadRow): row is ReadableRow {
  return 'params' in row && row.params !== undefined;
}

function isRefused(row: ReadRow): row is RefusedRow {
  return 'error' in row;
}

/**
 * How long to wait after some failures in a row: twice as long each time, and never together with all other replicas.
 *
 * @param random - from 0 to 1
 * @returns milliseconds
 */
export function chooseRetryDelayMs(failures: number, random: number): number {
  const delayMs = Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs);
  return delayMs * (0.5 + random / 2);
}
