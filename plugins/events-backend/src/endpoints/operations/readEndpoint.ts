import type { Knex } from 'knex';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';

/**
 * Reads an endpoint; undefined when there is none.
 *
 * @throws Error when it cannot be read
 */
export async function readEndpoint(
  knex: Knex,
  id: string,
): Promise<Endpoint | undefined> {
  const row = await knex('callboard_endpoints')
    .where({ id })
    .first<EndpointRow | undefined>();
  return row && toEndpoint(row);
}
