import type { KnownLocation, RepositoryState } from '../repositories';
import type { ProviderSettings } from '../settings';
import type { Decision } from './decideLocations';
import type { Subject } from './Subject';

/** What the catalog is to be told of a repository. */
export interface Change {
  /** What happens to locations of the repository, before the catalog is told. */
  planned: KnownLocation[];
  added: string[];
  /** Unless another repository of the provider wants them. */
  removed: string[];
  /** Whether what is read at the location has changed, or may have been read too soon. */
  isRefreshed: boolean;
  /** Whether it is read again only to make sure. */
  isReread: boolean;
  /** What came of it, for a person. */
  outcome: string;
}

/**
 * Finds what differs between what the catalog may hold of a repository and what it is to hold: pure.
 *
 * @param subject - what is known now
 * @param before - what was known before
 * @param locations - of the repository, that the catalog may hold
 */
export function describeChange(
  subject: Pick<Subject, 'nodeId' | 'state' | 'isProvenChange'>,
  before: RepositoryState | undefined,
  locations: readonly KnownLocation[],
  decision: Decision,
  settings: Pick<ProviderSettings, 'catalogPath' | 'hasWildcards'>,
): Change {
  const { nodeId, state, isProvenChange } = subject;
  const { targets, explanation } = decision;
  const stateOf = new Map(
    locations.map(location => [location.target, location.state]),
  );
  const added = targets.filter(target => stateOf.get(target) !== 'held');
  const removed = [...stateOf.keys()].filter(
    target => !targets.includes(target),
  );
  const plan = (state_: KnownLocation['state']) => (target: string) =>
    stateOf.get(target) === state_ ? [] : { nodeId, target, state: state_ };
  const isHeld = targets.length > added.length;
  const isRefreshed =
    isHeld &&
    (isProvenChange ?? hasOtherFile(before, state, settings.hasWildcards));
  // A push said that the file was changed, and the catalog may have read it from a replica of GitHub that lagged.
  const isReread =
    isRefreshed &&
    isProvenChange === undefined &&
    before?.isUnsure === true &&
    before.head === state?.head;
  return {
    planned: [
      ...added.flatMap(plan('adding')),
      ...removed.flatMap(plan('removing')),
    ],
    added,
    removed,
    isRefreshed,
    isReread,
    outcome: describeOutcome(
      { added, removed, isRefreshed, explanation },
      settings,
    ),
  };
}

/** Whether another content is to be read at the same location. */
function hasOtherFile(
  known: RepositoryState | undefined,
  state: RepositoryState | undefined,
  hasWildcards: boolean,
): boolean {
  if (!known || !state) {
    return false;
  }
  if (known.isUnsure) {
    return true;
  }
  if (hasWildcards) {
    return known.head !== state.head;
  }
  return known.file?.oid !== state.file?.oid;
}

function describeOutcome(
  change: Pick<Change, 'added' | 'removed' | 'isRefreshed'> & {
    explanation: string;
  },
  {
    catalogPath,
    hasWildcards,
  }: Pick<ProviderSettings, 'catalogPath' | 'hasWildcards'>,
): string {
  const { added, removed, isRefreshed, explanation } = change;
  const sentences = [
    ...removed.map(target => `The catalog drops ${target}`),
    ...added.map(target => `The catalog reads ${target}`),
    ...(isRefreshed
      ? [
          `${
            hasWildcards ? 'A file of ' : ''
          }${catalogPath} has changed, so the catalog reads it again`,
        ]
      : []),
  ];
  if (added.length > 0 || isRefreshed) {
    return sentences.join('. ');
  }
  const because = `The repository ${explanation}`;
  return sentences.length > 0
    ? [...sentences, because].join('. ')
    : `Nothing that the catalog sees has changed. ${because}`;
}
