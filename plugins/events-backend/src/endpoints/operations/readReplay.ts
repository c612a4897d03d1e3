import type { Knex } from 'knex';
import type { EndpointReplay } from '../Endpoint';
import { toReplay, type ReplayRow } from '../replayRow';

/**
 * Reads a replay; undefined when there is none.
 *
 * @param id - a UUID
 * @throws ZodError when another version has written it in another way
 */
export async function readReplay(
  knex: Knex,
  id: string,
): Promise<EndpointReplay | undefined> {
  const row = await knex('callboard_endpoint_replays')
    .where({ id })
    .first<ReplayRow | undefined>();
  return row && toReplay(row);
}
