import type { Knex } from 'knex';
import { bootstrapLocationType } from './names';

/** A table of the catalog that is watched, in SQL of both databases. */
export interface WatchedTable {
  name: string;
  /** What a row of it is, and the name that it has in the outbox. */
  word: string;
  /** The column that tells rows apart. */
  id: string;
  /** Which of its rows there is something to tell of. */
  isTold: string;
  /**
   * What is told of a row, as JSON text.
   *
   * @param row - its name in the statement, such as `OLD`
   * @param jsonObject - the function of the database that makes JSON of names and values
   */
  describe(row: string, jsonObject: string): string;
}

export const watchedTables: readonly WatchedTable[] = [
  {
    name: 'final_entities',
    word: 'entity',
    id: 'entity_id',
    isTold: 'final_entity IS NOT NULL',
    // The catalog wrote it as JSON.
    describe: row => `${row}.final_entity`,
  },
  {
    name: 'locations',
    word: 'location',
    id: 'id',
    isTold: `type <> '${bootstrapLocationType}'`,
    describe: (row, jsonObject) =>
      `CAST(${jsonObject}('id', ${row}.id, 'type', ${row}.type, 'target', ${row}.target) AS text)`,
  },
];

/**
 * What a row of the outbox says of a change, as JSON text.
 *
 * @param before - expression for JSON text, null when there was nothing; likewise `after`
 */
export function describeChange(
  { word }: WatchedTable,
  before: string,
  after: string,
): string {
  return `'{"${word}":{"before":' || coalesce(${before}, 'null') || ',"after":' || coalesce(${after}, 'null') || '}}'`;
}

/** The functions that make JSON of names and values, by the client of a database. */
export const jsonObjects = {
  pg: 'json_build_object',
  'better-sqlite3': 'json_object',
} as const;

/** The one of them that a database has. */
export function findJsonObject(knex: Knex): string {
  return knex.client.config.client === 'pg'
    ? jsonObjects.pg
    : jsonObjects['better-sqlite3'];
}
