import type { RepositoryState } from '../repositories';

/** Whether a state is of the time before another one, as far as GitHub's times tell. */
export function isOlder(
  state: RepositoryState,
  other: RepositoryState,
): boolean {
  return (
    state.pushedAtMs < other.pushedAtMs || state.updatedAtMs < other.updatedAtMs
  );
}
