import type { RepositoryState } from '../repositories';
import type { Hint, PushHint } from '../hints';
import type { ProviderSettings } from '../settings';

type ProofSettings = Pick<
  ProviderSettings,
  'hasWildcards' | 'validateLocationsExist'
>;

/** What is known of a repository without asking GitHub. */
export interface Proof {
  state: RepositoryState;
  /** Whether a file of the catalog path has changed. */
  isChanged: boolean;
}

/**
 * Whether hints tell all that happened since a repository was known: it has the name it had, each push begins where the
 * one before ended, so none is missing, and none can have changed which catalog files there are. Then GitHub need not be
 * asked.
 *
 * @remarks
 * That a push is newer than what is known guards against one that is sent again after the branch was set back. A merge
 * can bring changes that its list of files does not tell; the next scan finds them.
 *
 * @param settings - with wildcards the catalog path stands for several files, which may come and go
 * @returns undefined when GitHub is to be asked
 */
export function provePushes(
  known: RepositoryState | undefined,
  followedBranch: string | undefined,
  hints: readonly Hint[],
  settings: ProofSettings,
): Proof | undefined {
  if (!known?.head || !followedBranch) {
    return undefined;
  }
  const name = `${known.owner}/${known.name}`.toLowerCase();
  const left = new Set<PushHint>();
  for (const { push, fullName } of hints) {
    // Of a renaming or a transfer the first push may be the first to tell.
    if (
      !push ||
      fullName.toLowerCase() !== name ||
      !isPlain(push, followedBranch, settings)
    ) {
      return undefined;
    }
    left.add(push);
  }
  let { head, pushedAtMs } = known;
  let isChanged = false;
  while (left.size > 0) {
    const reached = head;
    const next = [...left].find(({ before }) => before === reached);
    if (!next?.after || next.pushedAtMs <= pushedAtMs) {
      return undefined;
    }
    left.delete(next);
    head = next.after;
    pushedAtMs = next.pushedAtMs;
    isChanged ||= next.modifies || next.addsOrRemoves;
  }
  return {
    isChanged,
    state: { ...known, head, pushedAtMs, ...(isChanged && { isUnsure: true }) },
  };
}

/** A push that goes on from another commit, and tells all that it brings. */
function isPlain(
  push: PushHint,
  followedBranch: string,
  { hasWildcards, validateLocationsExist }: ProofSettings,
): boolean {
  return (
    push.branch === followedBranch &&
    push.before !== undefined &&
    push.after !== undefined &&
    !push.isForced &&
    push.isComplete &&
    (hasWildcards || !push.addsOrRemoves) &&
    // A file that was changed may be empty now, and is not to be told of then.
    !(validateLocationsExist && push.modifies)
  );
}
