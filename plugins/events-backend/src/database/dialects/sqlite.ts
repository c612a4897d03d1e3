import type { Knex } from 'knex';
import type { Dialect } from './Dialect';
import { readErrorCode } from './readErrorCode';

/**
 * @see https://www.sqlite.org/rescode.html
 */
const passing = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|INTERRUPT|READONLY)/;
const passingMessage =
  /timeout acquiring a connection|unable to acquire a connection|query timeout/i;

async function readFile(knex: Knex): Promise<string> {
  const rows = await knex.raw<{ name: string; file: string }[]>(
    'PRAGMA database_list',
  );
  return rows.find(row => row.name === 'main')?.file ?? '';
}

/** SQLite through better-sqlite3: embedded, one process, durable when it has a file. */
export const sqlite: Dialect = {
  name: 'sqlite',
  nowMs: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  greatest: 'max',
  maxBindings: 32_000,
  hasFunctions: false,
  shared: false,

  // The setting belongs to the connection, and the pool may open a new one at any time; better-sqlite3 is
  // compiled with NORMAL for WAL files, which loses the last commits when the power goes.
  async makeDurable(knex) {
    await knex.raw('PRAGMA synchronous = FULL');
  },

  // There is no network in between.
  giveUpSilentConnections() {},

  // It belongs to the connection, which appends share.
  async commitLater() {},

  // No other process waits.
  async endIfFrozen() {},

  // There are no other replicas.
  async lockMigrations() {},

  async findWeakness(knex) {
    if ((await readFile(knex)) === '') {
      return 'The events database is in memory: events do not survive a restart. Set backend.database.connection.directory to keep them in a file.';
    }
    await knex.raw('PRAGMA journal_mode = WAL');
    return undefined;
  },

  // A transaction of the only connection excludes every other.
  async lockSubscription() {},

  isUnavailable(error) {
    const code = readErrorCode(error);
    if (code && passing.test(code)) {
      return true;
    }
    return error instanceof Error && passingMessage.test(error.message);
  },
};
