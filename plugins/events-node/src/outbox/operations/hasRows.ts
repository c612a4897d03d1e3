import type { Knex } from 'knex';

/**
 * Whether anything waits in the outbox.
 *
 * @param connection - of the driver, to ask over; by default one of the pool
 */
export async function hasRows(
  knex: Knex,
  table: string,
  connection?: object,
): Promise<boolean> {
  const query = knex(table).orderBy('place').first('place');
  const row = await (connection ? query.connection(connection) : query);
  return row !== undefined;
}
