import type { Knex } from 'knex';
import type { RefusedRow } from '../outboxRow';

/**
 * Removes rows that were relayed, and moves aside those that were refused.
 *
 * 1. Copy each refused row into the table for refused ones, within the database: it may be too large to be read.
 * 2. Delete all of them. Only the places that were read: a row that came without its trigger may have a lower one.
 *
 * @param places - of all rows, refused ones included
 */
export async function removeRows(
  connection: Knex,
  table: string,
  places: readonly number[],
  refused: readonly RefusedRow[],
): Promise<void> {
  if (refused.length === 0) {
    await connection(table).whereIn('place', places).delete();
    return;
  }
  await connection.transaction(async trx => {
    for (const { place, error } of refused) {
      await trx.raw(
        `INSERT INTO ??
           (place, id, topic, key, payload, metadata, created_at, error)
         SELECT place, id, topic, key, payload, metadata, created_at, ?
         FROM ?? WHERE place = ?`,
        [`${table}_refused`, error, table, place],
      );
    }
    await trx(table).whereIn('place', places).delete();
  });
}
