import type { Knex } from 'knex';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { readEach, type OnUnreadable } from '../readRows';

/** An event that is to tell of the state of an endpoint. */
export interface Announcement {
  endpoint: Endpoint;
  /** The same for as long as it is not told, so that telling it twice stores it once. */
  eventId: string;
}

/** Lists the endpoints whose state is still to be told of, without those that cannot be read. */
export async function listAnnouncements(
  knex: Knex,
  onUnreadable: OnUnreadable,
): Promise<Announcement[]> {
  const rows: (EndpointRow & { announcement: string })[] = await knex(
    'callboard_endpoints',
  )
    .whereNotNull('announcement')
    .orderBy('announcement');
  return readEach(
    rows,
    row => ({ endpoint: toEndpoint(row), eventId: row.announcement }),
    ({ id }) => id,
    onUnreadable,
  );
}
