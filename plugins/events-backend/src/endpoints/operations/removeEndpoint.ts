import type { Store } from '../../database';
import { changeDurably } from './changeDurably';
import { deleteEndpoints } from './deleteEndpoints';
import { lockEndpoint } from './lockEndpoint';
import { refuseDeclared } from './lockForChange';

/**
 * Removes an endpoint of the API, with its health and its replays. Its attempts are many: they are removed by
 * themselves.
 *
 * @returns whether there was one
 * @throws ConflictError when it is declared in the configuration
 */
export async function removeEndpoint(
  store: Store,
  id: string,
): Promise<boolean> {
  return changeDurably(store, async trx => {
    const locked = await lockEndpoint(trx, store.dialect, id);
    if (!locked) {
      return false;
    }
    refuseDeclared(locked.row);
    await deleteEndpoints(trx, [id]);
    return true;
  });
}
