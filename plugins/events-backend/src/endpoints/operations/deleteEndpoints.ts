import type { Knex } from 'knex';

/** Deletes endpoints, which are locked, with their health and their replays. */
export async function deleteEndpoints(
  trx: Knex.Transaction,
  ids: readonly string[],
): Promise<void> {
  await trx('callboard_endpoints')
    .whereIn('id', [...ids])
    .delete();
  await trx('callboard_endpoint_health')
    .whereIn('endpoint_id', [...ids])
    .delete();
  await trx('callboard_endpoint_replays')
    .whereIn('endpoint_id', [...ids])
    .delete();
}
