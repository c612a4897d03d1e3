import {
  insertChange,
  type SqliteTriggers,
} from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './names';

const events = ['insert', 'update', 'delete'] as const;

interface Table {
  name: string;
  /** What a row of it is. */
  word: string;
  /** What of a row is told, as JSON text; the entity is JSON that the catalog wrote. */
  describe(row: 'OLD' | 'NEW'): string;
}

const tables: Table[] = [
  {
    name: 'final_entities',
    word: 'entity',
    describe: row => `${row}.final_entity`,
  },
  {
    name: 'locations',
    word: 'location',
    describe: row =>
      `json_object('id', ${row}.id, 'type', ${row}.type, 'target', ${row}.target)`,
  },
];

export const sqlite: SqliteTriggers = {
  triggers: Object.fromEntries(
    tables.flatMap(table =>
      events.map(event => [
        `callboard_catalog_${table.word}_${event}`,
        describeTrigger(table, event),
      ]),
    ),
  ),
};

/** A trigger on `UPDATE` fires on equal values too, so they are compared. */
function describeTrigger(
  { name, word, describe }: Table,
  event: (typeof events)[number],
): string {
  const before = event === 'insert' ? 'NULL' : describe('OLD');
  const after = event === 'delete' ? 'NULL' : describe('NEW');
  return `
    AFTER ${event.toUpperCase()} ON ${name}
    WHEN ${before} IS NOT ${after}
    BEGIN
      ${insertChange(
        pluginId,
        `'{"${word}":{"before":' || coalesce(${before}, 'null') || ',"after":' || coalesce(${after}, 'null') || '}}'`,
      )}
    END`;
}
