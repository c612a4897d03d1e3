import type { Knex } from 'knex';
import { outboxTable } from '../capture/names';

/** Makes as much of the catalog's tables as is read, and an outbox of which nobody reads. */
export async function createWatchedTables(knex: Knex): Promise<void> {
  await knex.schema.createTable('final_entities', table => {
    table.text('entity_id').primary();
    table.text('final_entity');
    table.text('hash');
  });
  await knex.schema.createTable('locations', table => {
    table.uuid('id').primary();
    table.text('type');
    table.text('target');
    table.text('more');
  });
  await knex.schema.createTable(outboxTable, table => {
    table.increments('place');
    table.text('topic');
    table.text('payload');
    table.text('metadata');
  });
}

/** What was written down, which goes with it. */
export async function takeRows(knex: Knex) {
  const rows: { payload: string; metadata: string | null }[] = await knex(
    outboxTable,
  )
    .orderBy('place')
    .select('payload', 'metadata');
  await knex(outboxTable).delete();
  return rows.map(({ payload, metadata }) => ({
    change: JSON.parse(payload),
    correlationId: metadata && JSON.parse(metadata).correlationId,
  }));
}
