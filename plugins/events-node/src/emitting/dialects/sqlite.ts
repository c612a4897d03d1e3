import { nameObjects, silentAfterDays } from '../names';
import type { WatchedPlugin } from '../WatchedPlugin';
import type { CaptureDialect } from './CaptureDialect';

/**
 * The statement of a trigger on SQLite that writes a change down.
 *
 * @param payload - an expression for JSON text
 */
export function insertChange(pluginId: string, payload: string): string {
  const { outboxTable, emitterTable } = nameObjects(pluginId);
  return `
    INSERT INTO ${outboxTable} (topic, payload)
    SELECT '${pluginId}', ${payload}
    FROM ${emitterTable}
    WHERE seen_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${silentAfterDays} days');`;
}

/**
 * SQLite, where cascading deletes fire triggers too.
 *
 * A statement is compiled together with the triggers that it fires. So whoever drops the outbox while the triggers stand
 * breaks the plugin: nothing in a trigger can ask first whether a table is there.
 */
export function createSqliteDialect({
  pluginId,
  sqlite: { tables = {}, triggers },
}: WatchedPlugin): CaptureDialect {
  const { emitterTable } = nameObjects(pluginId);
  return {
    now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
    createTables: [
      `CREATE TABLE IF NOT EXISTS ${emitterTable} (
         id INTEGER PRIMARY KEY CHECK (id = 1),
         seen_at TEXT NOT NULL
       ) STRICT`,
      ...Object.entries(tables).map(
        ([name, columns]) =>
          `CREATE TABLE IF NOT EXISTS ${name} (${columns}) STRICT`,
      ),
    ],
    emitterColumns: {
      version: 'INTEGER NOT NULL DEFAULT 0',
      definition: "TEXT NOT NULL DEFAULT ''",
      schema_name: 'TEXT',
      snapshot_from: 'TEXT',
    },
    dropTables: [emitterTable, ...Object.keys(tables)].map(
      name => `DROP TABLE IF EXISTS ${name}`,
    ),
    findSchema: async () => 'main',
    renewFunctions: () => [],
    createTriggers: new Map(
      Object.entries(triggers).map(([name, definition]) => [
        name,
        `CREATE TRIGGER ${name} ${definition}`,
      ]),
    ),
    dropFunctions: [],

    async listTriggers(knex) {
      return knex('sqlite_master')
        .where({ type: 'trigger' })
        .whereLike('name', `callboard_${pluginId}_%`)
        .pluck('name');
    },

    // There are no other replicas, and one connection: whatever is under way is over when a transaction begins.
    async boundLocks() {},
    isLockTimeout: () => false,
    async lockTriggers() {},
  };
}
