import type { GithubStore } from '../GithubStore';
import {
  repositoryStateSchema,
  type RepositoryState,
} from '../RepositoryState';
import type { KnownLocation, LocationState } from '../rows';
import { chunk } from './chunk';

const isLocationState = (state: unknown): state is LocationState =>
  state === 'adding' || state === 'held' || state === 'removing';

/** Reads what is known of repositories, by their node ids. */
export async function readRepositories(
  { knex }: GithubStore,
  provider: string,
  nodeIds: readonly string[],
): Promise<Map<string, RepositoryState>> {
  const known = new Map<string, RepositoryState>();
  for (const piece of chunk(nodeIds)) {
    const rows = await knex('callboard_github_repositories')
      .where({ provider })
      .whereIn('node_id', piece)
      .select('node_id', 'state');
    for (const { node_id: nodeId, state } of rows) {
      known.set(nodeId, repositoryStateSchema.parse(JSON.parse(state)));
    }
  }
  return known;
}

/** Reads the locations of repositories that the catalog may hold. */
export async function readLocations(
  { knex }: GithubStore,
  provider: string,
  nodeIds: readonly string[],
): Promise<KnownLocation[]> {
  const locations: KnownLocation[] = [];
  for (const piece of chunk(nodeIds)) {
    const rows = await knex('callboard_github_locations')
      .where({ provider })
      .whereIn('node_id', piece)
      .select('node_id', 'target', 'state');
    locations.push(...rows.map(readLocation));
  }
  return locations;
}

/** Every URL that the catalog is to hold for a provider. */
export async function listWantedTargets(
  { knex }: GithubStore,
  provider: string,
): Promise<string[]> {
  return knex('callboard_github_locations')
    .where({ provider })
    .whereNot('state', 'removing')
    .distinct()
    .pluck('target');
}

/** Those of the URLs that some repository of the provider wants. */
export async function findWantedTargets(
  { knex }: GithubStore,
  provider: string,
  targets: readonly string[],
): Promise<Set<string>> {
  const wanted = new Set<string>();
  for (const piece of chunk(targets)) {
    const found: string[] = await knex('callboard_github_locations')
      .where({ provider })
      .whereIn('target', piece)
      .whereNot('state', 'removing')
      .distinct()
      .pluck('target');
    found.forEach(target => wanted.add(target));
  }
  return wanted;
}

function readLocation(row: Record<string, unknown>): KnownLocation {
  const { node_id: nodeId, target, state } = row;
  if (!isLocationState(state)) {
    throw new Error(`A location has the unknown state ${state}`);
  }
  return { nodeId: String(nodeId), target: String(target), state };
}
