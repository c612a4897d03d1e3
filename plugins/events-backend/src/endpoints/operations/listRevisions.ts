import type { Knex } from 'knex';

/** The revision of each endpoint, by its id. Reads no more than these, so it may be asked every few seconds. */
export async function listRevisions(knex: Knex): Promise<Map<string, string>> {
  const rows: { id: string; revision: string }[] = await knex(
    'callboard_endpoints',
  ).select('id', 'revision');
  return new Map(rows.map(({ id, revision }) => [id, revision]));
}
