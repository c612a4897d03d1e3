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
  /** Whether the file may be empty now, which it was not, and then is not to be told of. */
  mayBeEmpty: boolean;
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
 * Whether a file that has changed is empty now, no push tells. The catalog reads it all the same, and drops the entities
 * that are not in it any more; that the location goes as well is in no hurry.
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
  let mayBeEmpty = false;
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
    mayBeEmpty ||= settings.validateLocationsExist && next.modifies;
  }
  if (mayBeEmpty && known.file?.isEmpty !== false) {
    // The catalog has no location of it, and is to have one at once if there is something in it now.
    return undefined;
  }
  return {
    isChanged,
    mayBeEmpty,
    state: { ...known, head, pushedAtMs, ...(isChanged && { isUnsure: true }) },
  };
}

/** A push that goes on from another commit, and tells all that it brings. */
function isPlain(
  push: PushHint,
  followedBranch: string,
  { hasWildcards }: Pick<ProofSettings, 'hasWildcards'>,
): boolean {
  return (
    push.branch === followedBranch &&
    push.before !== undefined &&
    push.after !== undefined &&
    !push.isForced &&
    push.isComplete &&
    (hasWildcards || !push.addsOrRemoves)
  );
}
