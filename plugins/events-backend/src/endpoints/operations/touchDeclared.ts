import type { Knex } from 'knex';

/** SQLite takes no more in one statement. */
const rowsPerStatement = 400;

/** Says that endpoints of the configuration are declared still. */
export async function touchDeclared(
  trx: Knex.Transaction,
  ids: readonly string[],
  nowMs: number,
): Promise<void> {
  for (let first = 0; first < ids.length; first += rowsPerStatement) {
    await trx('callboard_endpoints')
      .where({ managed_by: 'config' })
      .whereIn('id', ids.slice(first, first + rowsPerStatement))
      .update({ declared_at: nowMs });
  }
}
