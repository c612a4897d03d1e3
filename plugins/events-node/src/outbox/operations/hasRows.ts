import type { Knex } from 'knex';

/**
 * Whether anything waits in the outbox.
 *
 * @param connection - of the driver, to ask over; by default one of the pool
 */
export async function hasRows(
  knex: Knex,
  connection?: object,
): Promise<boolean> {
  const query = knex('callboard_outbox').orderBy('place').first('place');
  const row = await (connection ? query.connection(connection) : query);
  return row !== undefined;
}
