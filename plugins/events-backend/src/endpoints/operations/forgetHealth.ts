import type { Knex } from 'knex';

/**
 * Forgets the health of an endpoint. Its version goes on, so that whoever still has the former one in hand does not bring
 * it back; and its rate limit stays, so that to pause it is no way around that.
 */
export async function forgetHealth(
  trx: Knex.Transaction,
  endpointId: string,
): Promise<void> {
  await trx('callboard_endpoint_health')
    .where({ endpoint_id: endpointId })
    .whereNotNull('health')
    .update({ health: null, version: trx.raw('version + 1') });
}
