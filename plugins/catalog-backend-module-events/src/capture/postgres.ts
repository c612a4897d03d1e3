import type { CaptureDialect } from './CaptureDialect';
import {
  emitterTable,
  outboxTable,
  silentAfterDays,
  watchedTables,
} from './names';

const name = 'callboard_catalog_change';
/** `lock_not_available` of PostgreSQL's error codes. */
const lockNotAvailable = '55P03';

/**
 * One function for both tables.
 *
 * 1. Nothing is done where there is no outbox: whoever drops it must not break the catalog.
 * 2. Rows are read as JSON, so that a column which a later version of the catalog lacks is null and no error.
 * 3. The entity is text that the catalog wrote as JSON; it is compared and joined as text. A migration of the catalog
 *    may write what was there before.
 * 4. One random id for all changes of a transaction ties them together.
 *
 * The tables are found by the schema of the trigger's own, so neither `search_path` nor the name of the schema matters.
 * The function runs with the rights of its owner: whoever may change the catalog needs no right to the outbox.
 */
const createFunction = `
  CREATE FUNCTION ${name}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    before text;
    after text;
    what text := 'location';
    correlation text;
  BEGIN
    IF to_regclass(format('%I.${outboxTable}', TG_TABLE_SCHEMA)) IS NULL
      OR to_regclass(format('%I.${emitterTable}', TG_TABLE_SCHEMA)) IS NULL
    THEN
      RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'final_entities' THEN
      what := 'entity';
      IF TG_OP <> 'INSERT' THEN
        before := to_jsonb(OLD) ->> 'final_entity';
      END IF;
      IF TG_OP <> 'DELETE' THEN
        after := to_jsonb(NEW) ->> 'final_entity';
      END IF;
    ELSE
      IF TG_OP <> 'INSERT' THEN
        before := to_jsonb(OLD)::text;
      END IF;
      IF TG_OP <> 'DELETE' THEN
        after := to_jsonb(NEW)::text;
      END IF;
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
      RETURN NULL;
    END IF;
    correlation := nullif(current_setting('callboard.transaction', true), '');
    IF correlation IS NULL THEN
      correlation := gen_random_uuid()::text;
      PERFORM set_config('callboard.transaction', correlation, true);
    END IF;
    EXECUTE format(
      'INSERT INTO %1$I.${outboxTable} (topic, payload, metadata)
       SELECT ''catalog'', $1, $2 FROM %1$I.${emitterTable}
       WHERE seen_at > now() - interval ''${silentAfterDays} days''',
      TG_TABLE_SCHEMA
    ) USING
      '{"' || what || '":{"before":' || coalesce(before, 'null') || ',"after":' || coalesce(after, 'null') || '}}',
      '{"correlationId":"' || correlation || '"}';
    RETURN NULL;
  END
  $$`;

/** PostgreSQL. */
export const postgres: CaptureDialect = {
  timeType: 'timestamptz',
  now: 'clock_timestamp()',
  createStatements: [
    createFunction,
    `REVOKE ALL ON FUNCTION ${name}() FROM PUBLIC`,
    ...watchedTables.map(
      table =>
        `CREATE TRIGGER ${name} AFTER INSERT OR UPDATE OR DELETE ON ${table}
         FOR EACH ROW EXECUTE FUNCTION ${name}()`,
    ),
  ],
  // With its triggers.
  dropStatements: [`DROP FUNCTION IF EXISTS ${name}() CASCADE`],
  triggers: watchedTables.map(table => `${name} on ${table}`),

  async boundLocks(trx) {
    // Whoever writes to the table next waits behind whoever waits for it. And PostgreSQL looks for deadlocks after a
    // second, and might end one at the catalog's expense.
    await trx.raw(`SET LOCAL lock_timeout = '500ms'`);
  },

  isLockTimeout: error =>
    error instanceof Error &&
    'code' in error &&
    error.code === lockNotAvailable,

  lockRows(query) {
    query.forShare();
  },

  async lockTriggers(trx) {
    await trx.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [name]);
  },

  async listTriggers(knex) {
    const { rows } = await knex.raw<{ rows: { name: string }[] }>(
      `SELECT t.tgname || ' on ' || c.relname AS name
       FROM pg_trigger AS t
       JOIN pg_class AS c ON c.oid = t.tgrelid
       WHERE t.tgname = ? AND c.relnamespace = current_schema()::regnamespace AND t.tgenabled <> 'D'`,
      [name],
    );
    return rows.map(row => row.name);
  },
};
