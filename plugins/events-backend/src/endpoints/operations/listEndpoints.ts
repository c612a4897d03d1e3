import type { EndpointState } from '@callboard/backstage-plugin-events-common';
import type { Knex } from 'knex';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { readEach, type OnUnreadable } from '../readRows';

/** Which endpoints to list; all that fit each of these. */
export interface EndpointFilter {
  /** Reference of a group or user. */
  owner?: string;
  state?: EndpointState;
  managedBy?: Endpoint['managedBy'];
}

/** Lists endpoints by id, without those that cannot be read. */
export async function listEndpoints(
  knex: Knex,
  { owner, state, managedBy }: EndpointFilter,
  onUnreadable: OnUnreadable,
): Promise<Endpoint[]> {
  const query = knex<EndpointRow>('callboard_endpoints').orderBy('id');
  if (owner !== undefined) {
    query.where({ owner });
  }
  if (state !== undefined) {
    query.where({ state });
  }
  if (managedBy !== undefined) {
    query.where({ managed_by: managedBy });
  }
  const rows: EndpointRow[] = await query;
  return readEach(rows, toEndpoint, ({ id }) => id, onUnreadable);
}
