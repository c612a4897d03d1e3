import type { Hint, PushHint } from '../hints';
import type { NewHint, RepositoryState } from '../repositories';

/** A hint at the repository `acme/<name>`. */
export function makeHint(name: string, changes: Partial<Hint> = {}): Hint {
  return {
    nodeId: `R_${name}`,
    owner: 'acme',
    fullName: `acme/${name}`,
    saysGone: false,
    ...changes,
  };
}

export function makeNewHint(
  name: string,
  dueAtMs: number,
  changes: Partial<Hint> = {},
): NewHint {
  return { cause: 'event', hint: makeHint(name, changes), dueAtMs };
}

/** What a push from the commit `a` to `b` tells, which changes nothing of the catalog. */
export function makePush(changes: Partial<PushHint> = {}): PushHint {
  return {
    branch: 'main',
    before: 'a',
    after: 'b',
    isForced: false,
    isComplete: true,
    addsOrRemoves: false,
    modifies: false,
    paths: [],
    pushedAtMs: 0,
    ...changes,
  };
}

/** What is known of `acme/<name>`. */
export function makeState(
  name: string,
  changes: Partial<RepositoryState> = {},
): RepositoryState {
  return {
    owner: 'acme',
    name,
    url: `https://github.com/acme/${name}`,
    isArchived: false,
    isFork: false,
    visibility: 'public',
    topics: ['docs'],
    defaultBranch: 'main',
    head: 'a',
    file: { oid: 'file 1', isEmpty: false },
    pushedAtMs: 1_000,
    updatedAtMs: 2_000,
    ...changes,
  };
}
