import type { Knex } from 'knex';

/**
 * Replaces the health of an endpoint, if it is still the one that was read.
 *
 * Requests that are under way while an endpoint is given another URL say nothing of the new one: whoever sent them names
 * the revision that they were sent for.
 *
 * @param expectedVersion - of the one that was read; undefined when there was none
 * @param health - to be kept as JSON
 * @param expectedRevision - of the endpoint; any when undefined
 * @returns whether it was replaced; not when another was faster, or there is no such endpoint any more
 */
export async function replaceHealth(
  knex: Knex,
  endpointId: string,
  expectedVersion: number | undefined,
  health: unknown,
  expectedRevision?: string,
): Promise<boolean> {
  const replaced: number = await knex('callboard_endpoint_health')
    .where({ endpoint_id: endpointId, version: expectedVersion ?? 0 })
    .modify(query => {
      if (expectedRevision !== undefined) {
        query.whereExists(
          knex('callboard_endpoints')
            .where({ id: endpointId, revision: expectedRevision })
            .select(knex.raw('1')),
        );
      }
    })
    .update({
      health: JSON.stringify(health),
      version: knex.raw('version + 1'),
    });
  return replaced > 0;
}
