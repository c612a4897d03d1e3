import { makeHint, makePush, makeState } from '../__testUtils__/fixtures';
import type { Hint } from '../hints';
import type { RepositoryState } from '../repositories';
import { makeScmEvents as make } from './makeScmEvents';

const state = makeState('site', { topics: [] });
const { url } = state;
const hint = makeHint('site');

const pushOf = (...paths: string[]): Hint => ({
  ...hint,
  push: makePush({ paths }),
});

/** Of repositories whose names nobody else has, unless told otherwise. */
const makeScmEvents = (
  before: RepositoryState | undefined,
  after: RepositoryState | undefined,
  hints: readonly Hint[],
  branch: string | undefined,
  isTaken = false,
) => make(before, after, hints, branch, isTaken);

describe('the catalog is told', () => {
  it('of no end and no move of a repository whose name another one has by now', () => {
    const deleted = { ...hint, saysGone: true, isDeleted: true };
    expect(makeScmEvents(state, undefined, [deleted], undefined)).toHaveLength(
      1,
    );
    expect(makeScmEvents(state, undefined, [deleted], undefined, true)).toEqual(
      [],
    );
    const renamed = { ...state, name: 'shop', url: `${url}-shop` };
    expect(makeScmEvents(state, renamed, [hint], undefined, true)).toEqual([]);
  });

  it('of nothing when nothing has changed', () => {
    expect(makeScmEvents(state, state, [hint], undefined)).toEqual([]);
    expect(makeScmEvents(undefined, state, [hint], undefined)).toEqual([]);
    expect(
      makeScmEvents(
        state,
        { ...state, topics: ['docs'], updatedAtMs: 1 },
        [hint],
        undefined,
      ),
    ).toEqual([]);
  });

  it('of every file that pushes touch, once', () => {
    const pushes = [pushOf('a.md', 'b.md'), pushOf('b.md', 'c/d.md')];
    const after = { ...state, head: 'b' };
    const events = ['a.md', 'b.md', 'c/d.md'].map(path => ({
      type: 'location.updated',
      url: `${url}/blob/main/${path}`,
    }));
    expect(makeScmEvents(state, after, pushes, undefined)).toEqual(events);
    expect(makeScmEvents(undefined, after, pushes, undefined)).toEqual(events);
  });

  it('of files in the branch that is followed', () => {
    expect(makeScmEvents(state, state, [pushOf('a.md')], 'release')).toEqual([
      { type: 'location.updated', url: `${url}/blob/release/a.md` },
    ]);
  });

  it.each<[string, Partial<RepositoryState>]>([
    ['renamed', { name: 'page', url: 'https://github.com/acme/page' }],
    ['transferred', { owner: 'globex', url: 'https://github.com/globex/site' }],
  ])('that a repository was %s', (_, changes) => {
    const after = { ...state, ...changes };
    expect(makeScmEvents(state, after, [hint], undefined)).toEqual([
      { type: 'repository.moved', fromUrl: url, toUrl: after.url },
    ]);
  });

  it('that everything in a repository has moved when its default branch has', () => {
    expect(
      makeScmEvents(
        state,
        { ...state, defaultBranch: 'trunk', head: 'b' },
        [hint],
        undefined,
      ),
    ).toEqual([
      {
        type: 'repository.moved',
        fromUrl: `${url}/blob/main`,
        toUrl: `${url}/blob/trunk`,
      },
      {
        type: 'repository.moved',
        fromUrl: `${url}/tree/main`,
        toUrl: `${url}/tree/trunk`,
      },
    ]);
  });

  it('of no move when a repository gets its first branch', () => {
    const before = { ...state, defaultBranch: undefined, head: undefined };
    expect(makeScmEvents(before, state, [pushOf('a.md')], undefined)).toEqual([
      { type: 'location.updated', url: `${url}/blob/main/a.md` },
    ]);
  });

  it.each<[string, Partial<RepositoryState>]>([
    ['was archived', { isArchived: true }],
    ['is shown to others', { visibility: 'private' }],
    ['was pushed to, of which no webhook told', { head: 'b' }],
  ])('that a repository %s', (_, changes) => {
    expect(
      makeScmEvents(state, { ...state, ...changes }, [hint], undefined),
    ).toEqual([{ type: 'repository.updated', url }]);
  });

  it('that a repository was deleted, when a webhook says so and GitHub does not show it', () => {
    const deleted = { ...hint, saysGone: true, isDeleted: true };
    expect(makeScmEvents(state, undefined, [deleted], undefined)).toEqual([
      { type: 'repository.deleted', url },
    ]);
    expect(makeScmEvents(undefined, undefined, [deleted], undefined)).toEqual(
      [],
    );
    expect(makeScmEvents(state, state, [deleted], undefined)).toEqual([]);
  });

  it('of nothing when a repository is not shown any more: somebody else may still have it', () => {
    expect(
      makeScmEvents(state, undefined, [{ ...hint, saysGone: true }], undefined),
    ).toEqual([]);
  });
});
