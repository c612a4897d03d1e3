import type { Knex } from 'knex';
import type { GithubStore } from '../GithubStore';
import type { RepositoryState } from '../RepositoryState';
import { chunk } from './chunk';
import type { Fence } from './leases';

/** What is known of a repository after it was reconciled. */
export interface ReconciledRepository {
  nodeId: string;
  /** Undefined when it is none of the provider's any more. */
  state: RepositoryState | undefined;
  /** Why the catalog has it, or has it not. */
  explanation: string;
  /** The full scan that saw it; undefined leaves what was noted. */
  listing: string | undefined;
  /** The hints that this settles. */
  hintIds: readonly number[];
  /** What came of them. */
  outcome: string;
}

/**
 * Writes down what the catalog has been told, in one transaction: what is known, which locations are held and gone, and
 * what came of the hints.
 *
 * @param fence - of the lease under which the catalog was told
 */
export async function settleRepositories(
  store: GithubStore,
  provider: string,
  reconciled: readonly ReconciledRepository[],
  atMs: number,
  fence: Fence,
): Promise<void> {
  await store.knex.transaction(async trx => {
    await fence({ ...store, knex: trx });
    await settleLocations(
      trx,
      provider,
      reconciled.map(({ nodeId }) => nodeId),
    );
    await forget(
      trx,
      provider,
      reconciled.flatMap(({ nodeId, state }) => (state ? [] : nodeId)),
    );
    await remember(trx, provider, reconciled, atMs);
    await settleHints(trx, reconciled, atMs);
  });
}

async function settleLocations(
  trx: Knex.Transaction,
  provider: string,
  nodeIds: readonly string[],
) {
  for (const piece of chunk(nodeIds)) {
    const locations = () =>
      trx('callboard_github_locations')
        .where({ provider })
        .whereIn('node_id', piece);
    await locations().where('state', 'removing').delete();
    await locations().where('state', 'adding').update({ state: 'held' });
  }
}

async function forget(
  trx: Knex.Transaction,
  provider: string,
  nodeIds: readonly string[],
) {
  for (const piece of chunk(nodeIds)) {
    await trx('callboard_github_repositories')
      .where({ provider })
      .whereIn('node_id', piece)
      .delete();
  }
}

async function remember(
  trx: Knex.Transaction,
  provider: string,
  reconciled: readonly ReconciledRepository[],
  atMs: number,
) {
  const toRows = (isListed: boolean) =>
    reconciled.flatMap(({ nodeId, state, explanation, listing }) =>
      state && (listing !== undefined) === isListed
        ? {
            provider,
            node_id: nodeId,
            owner: state.owner.toLowerCase(),
            full_name: `${state.owner}/${state.name}`.toLowerCase(),
            state: JSON.stringify(state),
            explanation,
            reconciled_at_ms: atMs,
            ...(listing !== undefined && { listing }),
          }
        : [],
    );
  for (const isListed of [true, false]) {
    for (const piece of chunk(toRows(isListed))) {
      await trx('callboard_github_repositories')
        .insert(piece)
        .onConflict(['provider', 'node_id'])
        .merge();
    }
  }
}

async function settleHints(
  trx: Knex.Transaction,
  reconciled: readonly ReconciledRepository[],
  atMs: number,
) {
  const idsByOutcome = new Map<string, number[]>();
  for (const { hintIds, outcome } of reconciled) {
    const ids = idsByOutcome.get(outcome) ?? [];
    ids.push(...hintIds);
    idsByOutcome.set(outcome, ids);
  }
  for (const [outcome, ids] of idsByOutcome) {
    for (const piece of chunk(ids)) {
      await trx('callboard_github_hints').whereIn('id', piece).update({
        state: 'settled',
        due_at_ms: null,
        outcome,
        settled_at_ms: atMs,
        // What it said is of no use any more.
        hint: null,
      });
    }
  }
}
