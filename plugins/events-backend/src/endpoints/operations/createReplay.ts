import { NotFoundError } from '@backstage/errors';
import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../../database';
import type { EndpointReplay } from '../Endpoint';
import { toReplay, type ReplayRow } from '../replayRow';
import { changeDurably } from './changeDurably';
import { lockEndpoint } from './lockEndpoint';

/** What a replay is made of. */
export type NewReplay = Pick<
  EndpointReplay,
  'endpointId' | 'query' | 'total' | 'place' | 'upTo' | 'createdBy'
>;

/**
 * Writes down a replay that is to run.
 *
 * @throws NotFoundError when there is no such endpoint
 */
export async function createReplay(
  store: Store,
  { endpointId, query, total, place, upTo, createdBy }: NewReplay,
): Promise<EndpointReplay> {
  return changeDurably(store, async trx => {
    const locked = await lockEndpoint(trx, store.dialect, endpointId);
    if (!locked) {
      throw new NotFoundError(`There is no endpoint '${endpointId}'`);
    }
    const [row]: ReplayRow[] = await trx('callboard_endpoint_replays')
      .insert({
        id: newEventId(),
        endpoint_id: endpointId,
        query,
        state: 'running',
        total,
        looked_at: 0,
        owed: 0,
        place,
        up_to: upTo,
        error: null,
        created_by: createdBy,
        created_at: locked.nowMs,
        updated_at: locked.nowMs,
      } satisfies ReplayRow)
      .returning('*');
    return toReplay(row);
  });
}
