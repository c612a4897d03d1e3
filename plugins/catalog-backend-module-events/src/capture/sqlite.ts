import {
  insertChange,
  type SqliteTriggers,
} from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './names';
import {
  describeChange,
  jsonObjects,
  watchedTables,
  type WatchedTable,
} from './tables';

const events = ['insert', 'update', 'delete'] as const;

export const sqlite: SqliteTriggers = {
  triggers: Object.fromEntries(
    watchedTables.flatMap(table =>
      events.map(event => [
        `callboard_catalog_${table.word}_${event}`,
        describeTrigger(table, event),
      ]),
    ),
  ),
};

/** A trigger on `UPDATE` fires on equal values too, so they are compared. */
function describeTrigger(
  table: WatchedTable,
  event: (typeof events)[number],
): string {
  const describe = (row: string) =>
    table.describe(row, jsonObjects['better-sqlite3']);
  const before = event === 'insert' ? 'NULL' : describe('OLD');
  const after = event === 'delete' ? 'NULL' : describe('NEW');
  return `
    AFTER ${event.toUpperCase()} ON ${table.name}
    WHEN ${before} IS NOT ${after}
    BEGIN
      ${insertChange(pluginId, describeChange(table, before, after))}
    END`;
}
