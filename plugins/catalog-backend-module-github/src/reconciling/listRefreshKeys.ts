import type { ProviderSettings } from '../settings';
import type { ToldSubject } from './ToldSubject';

/**
 * By which keys the catalog finds what it has read from a repository: its location, and every file that pushes say was
 * touched, since entities may be made of files that are not at the catalog path, by locations and placeholders. Pure.
 *
 * @see https://backstage.io/docs/features/software-catalog/life-of-an-entity#refresh-keys
 */
export function listRefreshKeys(
  { state, hints, change }: Pick<ToldSubject, 'state' | 'hints' | 'change'>,
  settings: Pick<ProviderSettings, 'branch' | 'catalogPath'>,
): string[] {
  const branch = settings.branch ?? state?.defaultBranch;
  if (!state || !branch) {
    return [];
  }
  const paths = [
    ...(change.isRefreshed || change.added.length > 0
      ? [settings.catalogPath]
      : []),
    ...hints.flatMap(({ push }) => push?.paths ?? []),
  ];
  return [...new Set(paths)].flatMap(path => [
    `url:${state.url}/blob/${branch}/${path}`,
    `url:${state.url}/tree/${branch}/${path}`,
  ]);
}
