import type { Knex } from 'knex';
import type { NewOutboxRow } from '../outboxRow';

/** SQLite takes 500 rows in the form in which knex inserts several. */
const rowsAtOnce = 250;

/** Inserts rows in order, in the transaction of whoever publishes. */
export async function insertRows(
  trx: Knex.Transaction,
  table: string,
  rows: readonly NewOutboxRow[],
): Promise<void> {
  for (let first = 0; first < rows.length; first += rowsAtOnce) {
    await trx(table).insert(rows.slice(first, first + rowsAtOnce));
  }
}
