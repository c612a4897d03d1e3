import type { Dialect } from './Dialect';
import { giveUpSilentConnections } from './giveUpSilentConnections';
import { readErrorCode } from './readErrorCode';

/**
 * SQLSTATE classes and codes after which the same statement may succeed later.
 *
 * @see https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
const passingSqlState =
  /^(08|53|57P0[1-5]|58|40001|40P01|25006|25P03|57014|55P03|28000|28P01|3D000)/;
const passingSystemError =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const passingMessage =
  /connection terminated|connection ended|timeout acquiring a connection|query timeout|connection is closed|client has encountered a connection error|client was closed|unable to acquire a connection|^aborted$/i;

/** A transaction whose process says nothing for this long has frozen; between its statements it waits for nothing. */
const frozenAfter = '10s';

/** PostgreSQL, for one replica or many. */
export const postgres: Dialect = {
  name: 'postgres',
  // In a select of its own it is evaluated once; a volatile function by itself could not be looked up in an index.
  nowMs: '(select (extract(epoch from clock_timestamp()) * 1000)::bigint)',
  greatest: 'greatest',
  maxBindings: 65_535,
  hasFunctions: true,
  shared: true,

  async makeDurable() {},

  giveUpSilentConnections,

  async commitLater(trx) {
    await trx.raw("SELECT set_config('synchronous_commit', 'off', true)");
  },

  async endIfFrozen(trx) {
    await trx.raw(
      "SELECT set_config('idle_in_transaction_session_timeout', ?, true)",
      [frozenAfter],
    );
  },

  async lockMigrations(trx) {
    await trx.raw(
      "SELECT pg_advisory_xact_lock(hashtext('callboard_knex_migrations'))",
    );
  },

  async findWeakness(knex) {
    const { rows } = await knex.raw<{ rows: { synchronous_commit: string }[] }>(
      'SHOW synchronous_commit',
    );
    return rows[0]?.synchronous_commit === 'off'
      ? "PostgreSQL runs with synchronous_commit = off: a crash of the database loses events that were acknowledged. Set it to 'on' for the role or the database of the events plugin."
      : undefined;
  },

  async lockSubscription(trx, id) {
    await trx('callboard_subscriptions')
      .where({ id })
      .select(
        'id',
        trx.raw("set_config('idle_in_transaction_session_timeout', ?, true)", [
          frozenAfter,
        ]),
      )
      .forUpdate();
  },

  isUnavailable(error) {
    const code = readErrorCode(error);
    if (code && (passingSqlState.test(code) || passingSystemError.test(code))) {
      return true;
    }
    return error instanceof Error && passingMessage.test(error.message);
  },
};
