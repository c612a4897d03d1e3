import type { GithubStore } from '../GithubStore';
import type { KnownLocation } from '../rows';
import { chunk } from './chunk';

/**
 * Writes down which locations are about to be added and removed, before the catalog is told: whatever the process dies at,
 * a location that the catalog may hold is remembered.
 */
export async function planLocations(
  { knex }: GithubStore,
  provider: string,
  planned: readonly KnownLocation[],
): Promise<void> {
  await knex.transaction(async trx => {
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
