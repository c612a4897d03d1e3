import type { GithubStore } from '../GithubStore';
import type { KnownLocation } from '../rows';
import { chunk } from './chunk';
import type { Fence } from './leases';

/**
 * Writes down which locations are about to be added and removed, before the catalog is told: whatever the process dies at,
 * a location that the catalog may hold is remembered.
 *
 * @param fence - of the lease under which it was decided
 */
export async function planLocations(
  store: GithubStore,
  provider: string,
  planned: readonly KnownLocation[],
  fence: Fence,
): Promise<void> {
  await store.knex.transaction(async trx => {
    await fence({ ...store, knex: trx });
    const rows = planned.map(({ nodeId, target, state }) => ({
      provider,
      node_id: nodeId,
      target,
      state,
    }));
    for (const piece of chunk(rows)) {
      await trx('callboard_github_locations')
        .insert(piece)
        .onConflict(['provider', 'node_id', 'target'])
        .merge(['state']);
    }
  });
}
