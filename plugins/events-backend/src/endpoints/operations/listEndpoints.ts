import type { EndpointState } from '@callboard/backstage-plugin-events-common';
import type { Knex } from 'knex';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { readEach, type OnUnreadable } from '../readRows';

/** Which endpoints to list. */
export interface EndpointFilter {
  state?: EndpointState;
}

/** Lists endpoints by id, without those that cannot be read. */
export async function listEndpoints(
  knex: Knex,
  { state }: EndpointFilter,
  onUnreadable: OnUnreadable,
): Promise<Endpoint[]> {
  const query = knex<EndpointRow>('callboard_endpoints').orderBy('id');
  if (state !== undefined) {
    query.where({ state });
  }
  const rows: EndpointRow[] = await query;
  return readEach(rows, toEndpoint, ({ id }) => id, onUnreadable);
}
