import type { CaptureDialect } from './CaptureDialect';
import { emitterTable, outboxTable, silentAfterDays } from './names';

/**
 * Tasks that somebody cancelled while they ran.
 *
 * A trigger on `tasks` cannot look into `task_events`: SQLite renames no table while a trigger names one that is not
 * there, so no migration of the scaffolder could rebuild `task_events`.
 */
const cancelledTable = 'callboard_scaffolder_cancelled';

/** Only the reference of the template: the rest of the specification holds what the user entered. */
const templateRef = `
  CASE WHEN json_valid(NEW.spec) AND json_type(NEW.spec, '$.templateInfo.entityRef') = 'text'
    THEN json_extract(NEW.spec, '$.templateInfo.entityRef')
  END`;

const writeDown = (status: string) => `
  INSERT INTO ${outboxTable} (topic, payload)
  SELECT 'scaffolder', json_object(
    'taskId', NEW.id,
    'status', ${status},
    'templateRef', ${templateRef},
    'createdBy', NEW.created_by
  )
  FROM ${emitterTable}
  WHERE seen_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${silentAfterDays} days');`;

const triggers = [
  {
    name: 'callboard_scaffolder_task_insert',
    body: `AFTER INSERT ON tasks
      BEGIN
        ${writeDown('NEW.status')}
      END`,
  },
  {
    // A task that is cancelled becomes `failed` when its worker hears of it, after it was recovered perhaps.
    name: 'callboard_scaffolder_task_update',
    body: `AFTER UPDATE ON tasks
      WHEN OLD.status IS NOT NEW.status
      BEGIN
        ${writeDown(`
          CASE WHEN NEW.status = 'failed' AND NEW.id IN (SELECT task_id FROM ${cancelledTable})
            THEN 'cancelled'
            ELSE NEW.status
          END`)}
        DELETE FROM ${cancelledTable}
        WHERE task_id = NEW.id AND NEW.status <> 'processing'
          AND NOT (OLD.status = 'processing' AND NEW.status = 'open');
      END`,
  },
  {
    name: 'callboard_scaffolder_task_cancel',
    body: `AFTER INSERT ON task_events
      WHEN NEW.event_type = 'cancelled'
      BEGIN
        INSERT INTO ${cancelledTable} (task_id)
        SELECT NEW.task_id WHERE NEW.task_id NOT IN (SELECT task_id FROM ${cancelledTable});
      END`,
  },
];

/** SQLite. */
export const sqlite: CaptureDialect = {
  now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  createTables: [
    `CREATE TABLE IF NOT EXISTS ${emitterTable} (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       definition TEXT NOT NULL,
       seen_at TEXT NOT NULL
     ) STRICT`,
    `CREATE TABLE IF NOT EXISTS ${cancelledTable} (task_id TEXT PRIMARY KEY) STRICT`,
  ],
  dropTables: [
    `DROP TABLE IF EXISTS ${emitterTable}`,
    `DROP TABLE IF EXISTS ${cancelledTable}`,
  ],
  createTriggers: triggers.map(
    ({ name, body }) => `CREATE TRIGGER ${name} ${body}`,
  ),
  dropTriggers: triggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${name}`),
  triggers: triggers.map(({ name }) => name),

  async listTriggers(knex) {
    const names: string[] = await knex('sqlite_master')
      .where({ type: 'trigger' })
      .pluck('name');
    return names.filter(name => sqlite.triggers.includes(name));
  },

  // There are no other replicas, and one connection: whatever is under way is over when a transaction begins.
  changeTriggers: (knex, work) => knex.transaction(work),
};
