import type { Knex } from 'knex';

/** Whether anything waits in the outbox. */
export async function hasRows(knex: Knex): Promise<boolean> {
  const row = await knex('callboard_outbox').orderBy('place').first('place');
  return row !== undefined;
}
