import type { Knex } from 'knex';

/**
 * Makes the rows in which the health of new endpoints is kept. They come and go with the endpoint, so that nothing that
 * comes late is written down for one that is gone.
 */
export async function insertHealth(
  trx: Knex.Transaction,
  endpointIds: readonly string[],
): Promise<void> {
  if (endpointIds.length > 0) {
    await trx('callboard_endpoint_health').insert(
      endpointIds.map(id => ({ endpoint_id: id, version: 0 })),
    );
  }
}
