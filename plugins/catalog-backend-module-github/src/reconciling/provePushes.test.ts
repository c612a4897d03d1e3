import fc from 'fast-check';
import { makeHint, makePush } from '../__testUtils__/fixtures';
import type { Hint, PushHint } from '../hints';
import type { RepositoryState } from '../repositories';
import { provePushes } from './provePushes';

/*
 * A repository as it really is: a graph of commits, each with what it did to the catalog file, and two branches. Moves
 * are pushes of all kinds. After each the truth is noted, as GitHub would tell it, and the webhook that tells of it.
 */

interface Commit {
  oid: string;
  parent: Commit | undefined;
  /** The catalog file in it. */
  file: { oid: string; isEmpty: boolean } | undefined;
  /** What it did to the catalog file. */
  change: 'added' | 'removed' | 'modified' | undefined;
}

interface Move {
  kind:
    | 'change other files'
    | 'write the file'
    | 'empty the file'
    | 'remove the file'
    | 'set back'
    | 'go to a former commit'
    | 'begin anew'
    | 'delete and make again'
    | 'push to another branch';
  /** How many commits are pushed. */
  commits: number;
  /** Which of the former commits. */
  former: number;
  /** Since the move before. */
  seconds: number;
  isComplete: boolean;
}

interface Moment {
  state: RepositoryState;
  /** Undefined for the beginning. */
  hint: Hint | undefined;
}

const branch = 'main';
const startMs = Date.UTC(2026, 0, 2);
const repository = {
  owner: 'acme',
  name: 'site',
  url: 'https://github.com/acme/site',
  isArchived: false,
  isFork: false,
  visibility: 'public',
  topics: [],
  defaultBranch: branch,
  updatedAtMs: startMs,
};

const anyMove: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Move['kind']>('change other files') },
    { weight: 4, arbitrary: fc.constant<Move['kind']>('write the file') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Move['kind'][]>(
        'empty the file',
        'remove the file',
        'set back',
        'set back',
        'set back',
        'go to a former commit',
        'begin anew',
        'delete and make again',
        'push to another branch',
      ),
    },
  ),
  commits: fc.integer({ min: 1, max: 3 }),
  former: fc.nat(20),
  seconds: fc.constantFrom(1, 1, 0, 2),
  isComplete: fc.nat(9).map(chance => chance > 0),
});

/** Moves, after how many of them the repository was looked at, and of which ones webhooks have come, in their order. */
const anyDelivery = fc
  .array(anyMove, { minLength: 1, maxLength: 8 })
  .chain(moves =>
    fc.record({
      moves: fc.constant(moves),
      knownAt: fc.nat(moves.length),
      times: fc.array(fc.constantFrom(1, 1, 1, 1, 1, 0, 2), {
        minLength: moves.length,
        maxLength: moves.length,
      }),
      formerTimes: fc.array(fc.constantFrom(0, 0, 1), {
        minLength: moves.length,
        maxLength: moves.length,
      }),
      order: fc.array(fc.nat(), {
        minLength: 2 * moves.length,
        maxLength: 2 * moves.length,
      }),
      isOrdered: fc.boolean(),
    }),
  )
  .map(({ moves, knownAt, times, formerTimes, order, isOrdered }) => {
    const delivered = moves.flatMap((_, index) =>
      Array<number>(index < knownAt ? formerTimes[index] : times[index]).fill(
        index + 1,
      ),
    );
    return {
      moves,
      knownAt,
      delivered: isOrdered
        ? delivered
        : delivered
            .map((number, index) => ({ number, place: order[index] }))
            .sort((a, b) => a.place - b.place)
            .map(({ number }) => number),
    };
  });

/** Plays moves, and returns what was true before the first and after each. */
function play(hasFile: boolean, moves: readonly Move[]): Moment[] {
  let made = 0;
  const commit = (parent: Commit | undefined, kind: Move['kind']): Commit => {
    made += 1;
    const oid = `commit ${made}`;
    const before = parent?.file;
    switch (kind) {
      case 'write the file':
      case 'empty the file':
        return {
          oid,
          parent,
          file: { oid: `file ${made}`, isEmpty: kind === 'empty the file' },
          change: before ? 'modified' : 'added',
        };
      case 'remove the file':
        return {
          oid,
          parent,
          file: undefined,
          change: before ? 'removed' : undefined,
        };
      default:
        return { oid, parent, file: before, change: undefined };
    }
  };
  const first = commit(
    undefined,
    hasFile ? 'write the file' : 'change other files',
  );
  const commits = [first];
  let head = first;
  let nowMs = startMs;
  const tell = (): RepositoryState => ({
    ...repository,
    head: head.oid,
    file: head.file,
    pushedAtMs: nowMs,
  });
  const moments: Moment[] = [{ state: tell(), hint: undefined }];
  for (const move of moves) {
    nowMs += move.seconds * 1_000;
    const before = head;
    const isElsewhere = move.kind === 'push to another branch';
    const pushed = choosePushed(move, head, commits, commit);
    const after = pushed[pushed.length - 1];
    commits.push(...pushed.filter(each => !commits.includes(each)));
    head = isElsewhere ? head : after;
    const told = move.isComplete ? listBetween(before, after) : [];
    moments.push({
      state: tell(),
      hint: hintOf({
        // The other branch had always been where this one is.
        branch: isElsewhere ? 'feature' : branch,
        before: move.kind === 'delete and make again' ? undefined : before.oid,
        after: after.oid,
        isForced: !isAncestor(before, after),
        isComplete: move.isComplete,
        addsOrRemoves: told.some(
          ({ change }) => change === 'added' || change === 'removed',
        ),
        modifies: told.some(({ change }) => change === 'modified'),
        paths: [],
        pushedAtMs: nowMs,
      }),
    });
  }
  return moments;
}

function choosePushed(
  { kind, commits: count, former }: Move,
  head: Commit,
  commits: readonly Commit[],
  commit: (parent: Commit | undefined, kind: Move['kind']) => Commit,
): Commit[] {
  switch (kind) {
    case 'set back':
      return [head.parent ?? head];
    case 'go to a former commit':
      return [commits[former % commits.length]];
    case 'begin anew':
      return [commit(undefined, former % 2 ? 'write the file' : kind)];
    case 'delete and make again':
      return [commits[former % commits.length]];
    default: {
      const pushed: Commit[] = [];
      for (let index = 0; index < count; index++) {
        pushed.push(commit(pushed.at(-1) ?? head, kind));
      }
      return pushed;
    }
  }
}

function* listAncestors(commit: Commit | undefined): Generator<Commit> {
  for (let each = commit; each; each = each.parent) {
    yield each;
  }
}

const isAncestor = (commit: Commit, of: Commit) =>
  [...listAncestors(of)].includes(commit);

/** The commits that a push brings, as its webhook tells them. */
function listBetween(before: Commit, after: Commit): Commit[] {
  const known = new Set(listAncestors(before));
  return [...listAncestors(after)].filter(each => !known.has(each));
}

const hintOf = (push: PushHint): Hint => makeHint('site', { push });

const validating = { hasWildcards: false, validateLocationsExist: true };
const anySettings = fc.constantFrom(
  validating,
  { hasWildcards: false, validateLocationsExist: false },
  { hasWildcards: true, validateLocationsExist: false },
);

/** What of a state is asked for by the settings. */
function project(
  { head, file, pushedAtMs, isUnsure, ...rest }: RepositoryState,
  settings: typeof validating,
  isEmptyKnown = true,
) {
  return {
    ...rest,
    head,
    pushedAtMs,
    ...(!settings.hasWildcards && { hasFile: file !== undefined }),
    ...(settings.validateLocationsExist &&
      isEmptyKnown && { isEmpty: file?.isEmpty }),
  };
}

/** Of a repository with wildcards no file is asked for. */
function withoutFile(state: RepositoryState, hasWildcards: boolean) {
  return hasWildcards ? { ...state, file: undefined } : state;
}

describe('what follows from pushes', () => {
  it('is what is true after the last of them, in whichever order they come, repeated or with some missing', () => {
    let proofs = 0;
    fc.assert(
      fc.property(
        fc.boolean(),
        anyDelivery,
        anySettings,
        (hasFile, { moves, knownAt, delivered }, settings) => {
          const moments = play(hasFile, moves);
          const proof = provePushes(
            withoutFile(moments[knownAt].state, settings.hasWildcards),
            branch,
            delivered.flatMap(number => moments[number].hint ?? []),
            settings,
          );
          if (proof) {
            proofs += delivered.length > 1 ? 1 : 0;
            const last = Math.max(knownAt, ...delivered);
            const isEmptyKnown = !proof.mayBeEmpty;
            expect(project(proof.state, settings, isEmptyKnown)).toEqual(
              project(moments[last].state, settings, isEmptyKnown),
            );
          }
        },
      ),
      { numRuns: 20_000 },
    );
    // Otherwise nothing would have been shown.
    expect(proofs).toBeGreaterThan(500);
  });

  it('tells that the file has changed whenever it has', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(anyMove, { minLength: 1, maxLength: 4 }),
        anySettings,
        (hasFile, moves, settings) => {
          const moments = play(hasFile, moves);
          const proof = provePushes(
            withoutFile(moments[0].state, settings.hasWildcards),
            branch,
            moments.flatMap(({ hint }) => hint ?? []),
            settings,
          );
          if (proof && !proof.isChanged) {
            expect(moments.at(-1)?.state.file).toEqual(moments[0].state.file);
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('is believed for any number of whole pushes, one after the other, at different seconds', () => {
    const plainMove = anyMove.map(
      (move): Move => ({
        ...move,
        kind: move.former % 2 ? 'change other files' : 'write the file',
        seconds: move.seconds + 1,
        isComplete: true,
      }),
    );
    fc.assert(
      fc.property(
        fc.array(plainMove, { minLength: 1, maxLength: 10 }).chain(moves =>
          fc.tuple(
            fc.constant(moves),
            fc.shuffledSubarray(
              moves.map((_, index) => index + 1),
              { minLength: moves.length },
            ),
          ),
        ),
        ([moves, order]) => {
          const moments = play(true, moves);
          const settings = {
            hasWildcards: false,
            validateLocationsExist: false,
          };
          const proof = provePushes(
            moments[0].state,
            branch,
            order.flatMap(index => moments[index].hint ?? []),
            settings,
          );
          expect(proof && project(proof.state, settings)).toEqual(
            project(moments[moments.length - 1].state, settings),
          );
          expect(proof?.isChanged).toBe(
            moves.some(({ kind }) => kind === 'write the file'),
          );
        },
      ),
    );
  });
});

describe('pushes prove nothing', () => {
  const known: RepositoryState = {
    ...repository,
    head: 'a',
    file: { oid: 'file 1', isEmpty: false },
    pushedAtMs: startMs,
  };
  const push = makePush({
    paths: ['README.md'],
    pushedAtMs: startMs + 1_000,
  });
  const prove = (
    changes: Partial<PushHint>,
    {
      state = known,
      settings = { hasWildcards: false, validateLocationsExist: false },
      others = [],
    }: {
      state?: RepositoryState;
      settings?: typeof validating;
      others?: Hint[];
    } = {},
  ) =>
    provePushes(
      state,
      branch,
      [hintOf({ ...push, ...changes }), ...others],
      settings,
    );

  it('only when something is wrong with them', () => {
    expect(prove({})).toEqual({
      isChanged: false,
      mayBeEmpty: false,
      state: { ...known, head: 'b', pushedAtMs: startMs + 1_000 },
    });
  });

  it.each<[string, Partial<PushHint>]>([
    ['begin elsewhere', { before: 'z' }],
    ['make the branch', { before: undefined }],
    ['delete the branch', { after: undefined }],
    ['are forced', { isForced: true }],
    ['do not tell everything', { isComplete: false }],
    ['go to another branch', { branch: 'feature' }],
    ['add or remove the file', { addsOrRemoves: true }],
    ['were not after what is known', { pushedAtMs: startMs }],
  ])('when they %s', (_, changes) => {
    expect(prove(changes)).toBeUndefined();
  });

  it('when the repository is not known, or its branch is not there', () => {
    expect(
      provePushes(undefined, branch, [hintOf(push)], validating),
    ).toBeUndefined();
    expect(prove({}, { state: { ...known, head: undefined } })).toBeUndefined();
    expect(
      provePushes(known, undefined, [hintOf(push)], validating),
    ).toBeUndefined();
  });

  it('when something else than a push happened as well', () => {
    const { push: _, ...renamed } = hintOf(push);
    expect(prove({}, { others: [renamed] })).toBeUndefined();
  });

  it.each(['acme/page', 'acme-inc/site'])(
    'when they name the repository otherwise: %s',
    fullName => {
      const renamed = { ...hintOf(push), fullName };
      expect(provePushes(known, branch, [renamed], validating)).toBeUndefined();
      const otherCase = { ...hintOf(push), fullName: 'Acme/Site' };
      expect(provePushes(known, branch, [otherCase], validating)).toBeDefined();
    },
  );

  it('when the file was empty, and empty ones are not taken: it is to be told of at once', () => {
    const state = { ...known, file: { oid: 'file 1', isEmpty: true } };
    const settings = validating;
    expect(prove({ modifies: true }, { settings, state })).toBeUndefined();
    expect(prove({}, { settings, state })).toBeDefined();
    expect(prove({ modifies: true }, { state })).toBeDefined();
  });

  it('of whether a file is empty now that was not: that is to be looked at where empty ones are not taken', () => {
    const settings = validating;
    expect(prove({ modifies: true }, { settings })).toMatchObject({
      isChanged: true,
      mayBeEmpty: true,
    });
    expect(prove({}, { settings })?.mayBeEmpty).toBe(false);
    expect(prove({ modifies: true })?.mayBeEmpty).toBe(false);
  });

  it('but with wildcards they do also when files come and go', () => {
    const settings = { hasWildcards: true, validateLocationsExist: false };
    const state = { ...known, file: undefined };
    expect(prove({ addsOrRemoves: true }, { settings, state })).toEqual({
      isChanged: true,
      mayBeEmpty: false,
      state: {
        ...state,
        head: 'b',
        pushedAtMs: startMs + 1_000,
        isUnsure: true,
      },
    });
  });

  it('of what is in the file that they change: that is asked for at the next occasion', () => {
    expect(prove({ modifies: true })?.state.isUnsure).toBe(true);
    expect(prove({})?.state.isUnsure).toBeUndefined();
    expect(
      prove({}, { state: { ...known, isUnsure: true } })?.state.isUnsure,
    ).toBe(true);
  });
});
