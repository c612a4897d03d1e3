import type { CaptureDialect } from './CaptureDialect';
import {
  emitterTable,
  outboxTable,
  silentAfterDays,
  watchedTables,
} from './names';

const events = ['insert', 'update', 'delete'] as const;
type TriggerEvent = (typeof events)[number];
type Row = 'OLD' | 'NEW';

/** What of a row is told, as JSON text; the entity is JSON that the catalog wrote. */
const describe: Record<(typeof watchedTables)[number], (row: Row) => string> = {
  final_entities: row => `${row}.final_entity`,
  locations: row =>
    `json_object('id', ${row}.id, 'type', ${row}.type, 'target', ${row}.target)`,
};

const words = { final_entities: 'entity', locations: 'location' };

const triggers = watchedTables.flatMap(table =>
  events.map(event => ({
    name: `callboard_catalog_${words[table]}_${event}`,
    statement: createTrigger(table, event),
  })),
);

/** A trigger on `UPDATE` fires on equal values too, so they are compared. */
function createTrigger(
  table: (typeof watchedTables)[number],
  event: TriggerEvent,
): string {
  const before = event === 'insert' ? 'NULL' : describe[table]('OLD');
  const after = event === 'delete' ? 'NULL' : describe[table]('NEW');
  return `
    CREATE TRIGGER callboard_catalog_${words[table]}_${event}
    AFTER ${event.toUpperCase()} ON ${table}
    WHEN ${before} IS NOT ${after}
    BEGIN
      INSERT INTO ${outboxTable} (topic, payload)
      SELECT 'catalog',
        '{"${words[table]}":{"before":' || coalesce(${before}, 'null') ||
        ',"after":' || coalesce(${after}, 'null') || '}}'
      FROM ${emitterTable}
      WHERE seen_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${silentAfterDays} days');
    END`;
}

/** SQLite, where cascading deletes fire triggers too. */
export const sqlite: CaptureDialect = {
  timeType: 'TEXT',
  now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  createStatements: triggers.map(({ statement }) => statement),
  dropStatements: triggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${name}`),
  triggers: triggers.map(({ name }) => name),

  // There are no other replicas, and one connection: whatever is under way is over when a transaction begins.
  async boundLocks() {},
  isLockTimeout: () => false,
  async lockTriggers() {},
  lockRows() {},

  async listTriggers(knex) {
    const names: string[] = await knex('sqlite_master')
      .where({ type: 'trigger' })
      .pluck('name');
    return names.filter(name => sqlite.triggers.includes(name));
  },
};
