import type { CatalogScmEvent } from '@backstage/plugin-catalog-node/alpha';
import type { Hint } from '../hints';
import type { RepositoryState } from '../repositories';

/**
 * What the catalog is told of a repository besides the provider's own locations, so that locations that somebody has
 * registered follow too. The catalog heeds it when `catalog.scmEvents` is set.
 *
 * @param followedBranch - undefined when the default branch is followed
 * @param isTaken - whether another repository has the former name by now, whose locations are to stay
 */
export function makeScmEvents(
  before: RepositoryState | undefined,
  state: RepositoryState | undefined,
  hints: readonly Hint[],
  followedBranch: string | undefined,
  isTaken: boolean,
): CatalogScmEvent[] {
  if (!state) {
    return before && !isTaken && hints.some(({ isDeleted }) => isDeleted)
      ? [{ type: 'repository.deleted', url: before.url }]
      : [];
  }
  const pushes = hints.flatMap(({ push }) => push ?? []);
  const branch = followedBranch ?? state.defaultBranch;
  const updated = [...new Set(pushes.flatMap(({ paths }) => paths))].map(
    (path): CatalogScmEvent => ({
      type: 'location.updated',
      url: `${state.url}/blob/${branch}/${path}`,
    }),
  );
  return before
    ? [
        ...(isTaken && before.url !== state.url
          ? []
          : describeMoves(before, state, pushes.length > 0)),
        ...updated,
      ]
    : updated;
}

function describeMoves(
  before: RepositoryState,
  state: RepositoryState,
  isPushed: boolean,
): CatalogScmEvent[] {
  const { url, defaultBranch } = state;
  if (before.url !== url) {
    return [{ type: 'repository.moved', fromUrl: before.url, toUrl: url }];
  }
  if (before.defaultBranch && before.defaultBranch !== defaultBranch) {
    return ['blob', 'tree'].map(kind => ({
      type: 'repository.moved',
      fromUrl: `${url}/${kind}/${before.defaultBranch}`,
      toUrl: `${url}/${kind}/${defaultBranch}`,
    }));
  }
  const isUpdated =
    before.isArchived !== state.isArchived ||
    before.visibility !== state.visibility ||
    (before.head !== state.head && !isPushed);
  return isUpdated ? [{ type: 'repository.updated', url }] : [];
}
