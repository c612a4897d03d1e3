import { nameObjects, silentAfterDays } from '../names';
import type { WatchedPlugin } from '../WatchedPlugin';
import type { CaptureDialect } from './CaptureDialect';

/** `lock_not_available` of PostgreSQL's error codes. */
const lockNotAvailable = '55P03';

/**
 * PostgreSQL: one function for all tables of a plugin.
 *
 * 1. The middle part, which is the emitter's own, decides whether there is something to tell of. If it reads what a later
 *    version of the plugin lacks, nothing is told and the plugin goes on. It writes nothing, so catching its errors takes
 *    no transaction id; otherwise a transaction with thousands of changes would take as many.
 * 2. Nothing is written where there is no outbox: whoever drops it must not break the plugin.
 * 3. Nothing is written when no process with the emitter has said for long that it runs.
 *
 * The schema stands in the function, so `search_path` does not matter, and the server plans the insertion once for each
 * connection. It takes 20 µs then, and 90 when the schema is looked for each time. A schema that was given another name has
 * its function renewed at the next start. The function runs with the rights of its owner: whoever may change the plugin's
 * tables needs no right to the outbox.
 */
export function createPostgresDialect({
  pluginId,
  postgres: { declare, body, after },
}: WatchedPlugin): CaptureDialect {
  const { outboxTable, emitterTable, change } = nameObjects(pluginId);
  const createFunction = (schema: string) => `
    CREATE OR REPLACE FUNCTION ${change}() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $callboard$
    DECLARE
      payload text;
      metadata text := '{}';
      ${declare}
    BEGIN
      BEGIN
        ${body}
      EXCEPTION WHEN undefined_table OR undefined_column THEN
        RAISE WARNING 'A change of % is not told of: %', TG_TABLE_NAME, SQLERRM;
        RETURN NULL;
      END;
      IF payload IS NULL
        OR to_regclass(${quote(`${schema}.${outboxTable}`)}) IS NULL
        OR to_regclass(${quote(`${schema}.${emitterTable}`)}) IS NULL
      THEN
        RETURN NULL;
      END IF;
      INSERT INTO ${schema}.${outboxTable} (topic, payload, metadata)
        SELECT '${pluginId}', payload, metadata FROM ${schema}.${emitterTable}
        WHERE seen_at > now() - interval '${silentAfterDays} days';
      RETURN NULL;
    END
    $callboard$`;
  return {
    now: 'clock_timestamp()',
    createTables: [
      `CREATE TABLE IF NOT EXISTS ${emitterTable} (
         id integer PRIMARY KEY CHECK (id = 1),
         seen_at timestamptz NOT NULL
       )`,
    ],
    emitterColumns: {
      version: 'integer NOT NULL DEFAULT 0',
      definition: "text NOT NULL DEFAULT ''",
      schema_name: 'text',
      snapshot_from: 'text',
    },
    dropTables: [`DROP TABLE IF EXISTS ${emitterTable}`],
    // On any update: a trigger that names a column keeps migrations of the plugin from changing its type.
    // It needs no lock on a table, which a backup or a vacuum of that may keep for long.
    renewFunctions: schema => [
      createFunction(schema),
      `REVOKE ALL ON FUNCTION ${change}() FROM PUBLIC`,
    ],
    createTriggers: new Map(
      Object.entries(after).map(([table, events]) => [
        `${change} on ${table}`,
        `CREATE TRIGGER ${change} AFTER ${events} ON ${table}
         FOR EACH ROW EXECUTE FUNCTION ${change}()`,
      ]),
    ),
    // With its triggers.
    dropFunctions: [`DROP FUNCTION IF EXISTS ${change}() CASCADE`],

    async findSchema(knex) {
      const { rows } = await knex.raw<{ rows: { schema: string }[] }>(
        'SELECT quote_ident(current_schema()) AS schema',
      );
      return rows[0].schema;
    },

    async listTriggers(knex) {
      const { rows } = await knex.raw<{ rows: { name: string }[] }>(
        `SELECT t.tgname || ' on ' || c.relname AS name
         FROM pg_trigger AS t
         JOIN pg_class AS c ON c.oid = t.tgrelid
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE t.tgname = ? AND n.nspname = current_schema() AND t.tgenabled <> 'D'`,
        [change],
      );
      return rows.map(({ name }) => name);
    },

    async boundLocks(trx) {
      // Whoever writes to the table next waits behind whoever waits for it. And PostgreSQL looks for deadlocks after a
      // second, and might end one at the plugin's expense.
      await trx.raw(`SET LOCAL lock_timeout = '500ms'`);
    },

    isLockTimeout: error =>
      error instanceof Error &&
      'code' in error &&
      error.code === lockNotAvailable,

    async lockTriggers(trx) {
      await trx.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [change]);
    },
  };
}

/** A literal; its text may not have a backslash, which no identifier of ours has. */
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
