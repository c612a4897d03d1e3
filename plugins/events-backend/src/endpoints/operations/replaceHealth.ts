import type { Knex } from 'knex';

/**
 * Replaces the health of an endpoint, if it is still the one that was read.
 *
 * @param expectedVersion - of the one that was read; undefined when there was none
 * @param health - to be kept as JSON
 * @returns whether it was replaced; not when another was faster, or there is no such endpoint
 */
export async function replaceHealth(
  knex: Knex,
  endpointId: string,
  expectedVersion: number | undefined,
  health: unknown,
): Promise<boolean> {
  const replaced: number = await knex('callboard_endpoint_health')
    .where({ endpoint_id: endpointId, version: expectedVersion ?? 0 })
    .update({
      health: JSON.stringify(health),
      version: knex.raw('version + 1'),
    });
  return replaced > 0;
}
