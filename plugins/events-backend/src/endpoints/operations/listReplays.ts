import type { Knex } from 'knex';
import type { EndpointReplay } from '../Endpoint';
import { readEach, type OnUnreadable } from '../readRows';
import { toReplay, type ReplayRow } from '../replayRow';

/** More of an endpoint are not listed. */
const maxListed = 100;

/** Lists the replays of an endpoint, the newest 100, newest first, without those that cannot be read. */
export async function listReplays(
  knex: Knex,
  endpointId: string,
  onUnreadable: OnUnreadable,
): Promise<EndpointReplay[]> {
  const rows: ReplayRow[] = await knex('callboard_endpoint_replays')
    .where({ endpoint_id: endpointId })
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxListed);
  return readReplays(rows, onUnreadable);
}

/** Lists the replays that are to go on, the oldest first, without those that cannot be read. */
export async function listRunningReplays(
  knex: Knex,
  onUnreadable: OnUnreadable,
): Promise<EndpointReplay[]> {
  const rows: ReplayRow[] = await knex('callboard_endpoint_replays')
    .where({ state: 'running' })
    .orderBy('id');
  return readReplays(rows, onUnreadable);
}

function readReplays(
  rows: readonly ReplayRow[],
  onUnreadable: OnUnreadable,
): EndpointReplay[] {
  return readEach(rows, toReplay, ({ endpoint_id: id }) => id, onUnreadable);
}
