import { setTimeout as delay } from 'node:timers/promises';
import type { CaptureDialect } from './CaptureDialect';
import { emitterTable, outboxTable, silentAfterDays } from './names';

const name = 'callboard_scaffolder_change';
/** `lock_not_available` of PostgreSQL's error codes. */
const lockNotAvailable = '55P03';
/** How often to try to get the lock of a table, and how long to wait in between, in milliseconds. */
const attempts = 50;
const pauseMs = 200;

/**
 * Writes down which status a task has now, when it had another one.
 *
 * 1. Columns are named, and the row is not read as a whole: it may hold a workspace of many megabytes, and a heartbeat
 *    updates it every second.
 * 2. Of the specification, which holds what the user entered, only the reference of the template is read. PostgreSQL
 *    refuses JSON with `\u0000` or half a surrogate pair in any string; both become `\ufffd` first.
 * 3. A task that is cancelled becomes `failed` when its worker hears of it. That it was cancelled is in its events, until
 *    it is retried.
 * 4. Where there is no outbox, or a later version of the scaffolder lacks what is read, nothing is done: the scaffolder
 *    goes on.
 *
 * The tables are found by the schema of the trigger's own, so neither `search_path` nor the name of the schema matters.
 * The function runs with the rights of its owner: whoever may change tasks needs no right to the outbox.
 */
const createFunction = String.raw`
  CREATE FUNCTION ${name}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    spec json;
    template text;
    is_cancelled boolean := false;
  BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF NEW.status IS NOT DISTINCT FROM OLD.status THEN
        RETURN NULL;
      END IF;
    END IF;
    BEGIN
      spec := regexp_replace(NEW.spec, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json;
      IF json_typeof(spec #> '{templateInfo,entityRef}') = 'string' THEN
        template := spec #>> '{templateInfo,entityRef}';
      END IF;
    EXCEPTION WHEN OTHERS THEN
      template := NULL;
    END;
    IF NEW.status = 'failed' THEN
      EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I.task_events WHERE task_id = $1 AND event_type = ''cancelled'')',
        TG_TABLE_SCHEMA
      ) INTO is_cancelled USING NEW.id;
    END IF;
    EXECUTE format(
      'INSERT INTO %1$I.${outboxTable} (topic, payload)
       SELECT ''scaffolder'', $1 FROM %1$I.${emitterTable}
       WHERE seen_at > now() - interval ''${silentAfterDays} days''',
      TG_TABLE_SCHEMA
    ) USING json_build_object(
      'taskId', NEW.id,
      'status', CASE WHEN is_cancelled THEN 'cancelled' ELSE NEW.status END,
      'templateRef', template,
      'createdBy', NEW.created_by
    )::text;
    RETURN NULL;
  EXCEPTION WHEN undefined_table OR undefined_column THEN
    RAISE WARNING 'A change of a scaffolder task is not told of: %', SQLERRM;
    RETURN NULL;
  END
  $$`;

/** PostgreSQL. */
export const postgres: CaptureDialect = {
  now: 'clock_timestamp()',
  createTables: [
    `CREATE TABLE IF NOT EXISTS ${emitterTable} (
       id integer PRIMARY KEY CHECK (id = 1),
       definition text NOT NULL,
       seen_at timestamptz NOT NULL
     )`,
  ],
  dropTables: [`DROP TABLE IF EXISTS ${emitterTable}`],
  // On any update: a trigger that names a column keeps migrations of the scaffolder from changing its type.
  createTriggers: [
    createFunction,
    `REVOKE ALL ON FUNCTION ${name}() FROM PUBLIC`,
    `CREATE TRIGGER ${name} AFTER INSERT OR UPDATE ON tasks
     FOR EACH ROW EXECUTE FUNCTION ${name}()`,
  ],
  // With its trigger.
  dropTriggers: [`DROP FUNCTION IF EXISTS ${name}() CASCADE`],
  triggers: [name],

  async listTriggers(knex) {
    const { rows } = await knex.raw<{ rows: { name: string }[] }>(
      `SELECT t.tgname AS name
       FROM pg_trigger AS t
       JOIN pg_class AS c ON c.oid = t.tgrelid
       WHERE t.tgname = ? AND c.relname = 'tasks' AND c.relnamespace = current_schema()::regnamespace
         AND t.tgenabled <> 'D'`,
      [name],
    );
    return rows.map(row => row.name);
  },

  async changeTriggers(knex, work) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await knex.transaction(async trx => {
          // Whoever writes to the table next waits behind whoever waits for it. And PostgreSQL looks for deadlocks after
          // a second, and might end one at the scaffolder's expense.
          await trx.raw(`SET LOCAL lock_timeout = '500ms'`);
          await trx.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [name]);
          return work(trx);
        });
      } catch (error) {
        if (attempt === attempts || !isLockTimeout(error)) {
          throw error;
        }
        await delay(pauseMs);
      }
    }
  },
};

function isLockTimeout(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && error.code === lockNotAvailable
  );
}
