import type { Store } from '../../database';
import { changeDurably } from './changeDurably';
import { deleteEndpoints } from './deleteEndpoints';
import { lockEndpoint } from './lockEndpoint';
import { refuseChanged, refuseDeclared } from './lockForChange';

/**
 * Removes an endpoint of the API, with its health and its replays; also one that cannot be read, or whose secrets cannot
 * be opened. Its attempts are many: they are removed by themselves.
 *
 * @param expectedRevision - which it must have still; undefined for any
 * @returns whether there was one
 * @throws ConflictError when it is declared in the configuration
 * @throws EndpointChangedError when it has another revision
 */
export async function removeEndpoint(
  store: Store,
  id: string,
  expectedRevision: string | undefined,
): Promise<boolean> {
  return changeDurably(store, async trx => {
    const locked = await lockEndpoint(trx, store.dialect, id);
    if (!locked) {
      return false;
    }
    refuseDeclared(locked.row);
    refuseChanged(locked.row, expectedRevision);
    await deleteEndpoints(trx, [id]);
    return true;
  });
}
