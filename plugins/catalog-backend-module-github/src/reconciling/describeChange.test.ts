import fc from 'fast-check';
import { makeState } from '../__testUtils__/fixtures';
import type { KnownLocation, RepositoryState } from '../repositories';
import { describeChange, type Change } from './describeChange';

const state = makeState('site');
const single = { catalogPath: 'catalog-info.yaml', hasWildcards: false };
const nodeId = 'R_1';
const here = 'https://github.com/acme/site/blob/main/catalog-info.yaml';
const there = 'https://github.com/acme/page/blob/main/catalog-info.yaml';

/** Locations of {@link nodeId} by their targets. */
function makeLocations(
  states: Record<string, KnownLocation['state']>,
): KnownLocation[] {
  return Object.entries(states).map(([target, each]) => ({
    nodeId,
    target,
    state: each,
  }));
}

const describeWith = (options: {
  targets: string[];
  explanation?: string;
  locations?: KnownLocation[];
  before?: RepositoryState;
  after?: RepositoryState;
  isProvenChange?: boolean;
  settings?: typeof single;
}): Change =>
  describeChange(
    {
      nodeId,
      state: options.after,
      isProvenChange: options.isProvenChange,
    },
    options.before,
    options.locations ?? [],
    {
      targets: options.targets,
      explanation: options.explanation ?? 'is archived',
    },
    options.settings ?? single,
  );

/** What is remembered of the locations once the plan is written down, and once the catalog has been told. */
function follow(locations: readonly KnownLocation[], planned: KnownLocation[]) {
  const remembered = new Map(
    [...locations, ...planned].map(each => [each.target, each]),
  );
  const settled = [...remembered.values()]
    .filter(each => each.state !== 'removing')
    .map(({ target }) => target);
  return { remembered, settled };
}

describe('a change', () => {
  const targets = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  const known = fc
    .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
    .chain(all =>
      fc.tuple(
        ...all.map(target =>
          fc.record({
            target: fc.constant(target),
            state: fc.constantFrom('adding', 'held', 'removing'),
            // Of a process that died, nobody knows whether it had told the catalog.
            isToldOfDoubtful: fc.boolean(),
          }),
        ),
      ),
    )
    .map(all =>
      all.map(({ isToldOfDoubtful, ...location }) => ({
        location: { nodeId, ...location },
        isInCatalog: location.state === 'held' || isToldOfDoubtful,
      })),
    );

  it('has the catalog hold the targets, whatever it holds', () => {
    fc.assert(
      fc.property(targets, known, (wanted, locations) => {
        const { added, removed } = describeWith({
          targets: wanted,
          locations: locations.map(({ location }) => location),
        });
        const catalog = new Set<string>(
          locations.flatMap(({ location, isInCatalog }) =>
            isInCatalog ? location.target : [],
          ),
        );
        removed.forEach(target => catalog.delete(target));
        added.forEach(target => catalog.add(target));
        expect([...catalog].sort()).toEqual([...wanted].sort());
      }),
    );
  });

  it('is remembered before the catalog is told: all that it may hold then, and afterwards what it holds', () => {
    fc.assert(
      fc.property(targets, known, (wanted, all) => {
        const locations = all.map(({ location }) => location);
        const change = describeWith({ targets: wanted, locations });
        const { remembered, settled } = follow(locations, change.planned);
        expect([...remembered.keys()].sort()).toEqual(
          [
            ...new Set([...wanted, ...locations.map(({ target }) => target)]),
          ].sort(),
        );
        expect(settled.sort()).toEqual([...wanted].sort());
        for (const target of change.added) {
          expect(remembered.get(target)?.state).toBe('adding');
        }
        for (const target of change.removed) {
          expect(remembered.get(target)?.state).toBe('removing');
        }
      }),
    );
  });

  it('is none when the catalog holds the targets', () => {
    fc.assert(
      fc.property(targets, wanted => {
        const change = describeWith({
          targets: wanted,
          locations: makeLocations(
            Object.fromEntries(wanted.map(target => [target, 'held'])),
          ),
          before: state,
          after: state,
        });
        expect(change).toMatchObject({
          planned: [],
          added: [],
          removed: [],
          isRefreshed: false,
        });
      }),
    );
  });

  it('repeats what was begun, since the catalog may not have been told', () => {
    expect(
      describeWith({
        targets: [here],
        locations: makeLocations({ [here]: 'adding', [there]: 'removing' }),
      }),
    ).toMatchObject({ planned: [], added: [here], removed: [there] });
  });
});

describe('what is read at a location is read again', () => {
  const locations = makeLocations({ [here]: 'held' });
  const isRefreshed = (options: Parameters<typeof describeWith>[0]) =>
    describeWith({ locations, before: state, after: state, ...options })
      .isRefreshed;
  const wildcards = { catalogPath: '*/catalog-info.yaml', hasWildcards: true };

  it('when pushes say that it has changed, and only then', () => {
    const after = { ...state, head: 'b', file: { isEmpty: false } };
    expect(isRefreshed({ targets: [here], after, isProvenChange: true })).toBe(
      true,
    );
    expect(isRefreshed({ targets: [here], after, isProvenChange: false })).toBe(
      false,
    );
  });

  it.each<[string, Partial<RepositoryState>, boolean]>([
    ['another file', { file: { oid: 'file 2', isEmpty: false } }, true],
    ['the same file in another commit', { head: 'b' }, false],
    ['no file any more', { file: undefined }, true],
    ['other topics', { topics: ['docs'] }, false],
  ])('or not, when GitHub shows %s', (_, changes, isAgain) => {
    const after = { ...state, ...changes };
    expect(isRefreshed({ targets: [here], after })).toBe(isAgain);
  });

  it('when the file is there that was not', () => {
    const before = { ...state, file: undefined };
    expect(isRefreshed({ targets: [here], before })).toBe(true);
  });

  it('at the first answer after a push that changed it, of which GitHub was not asked: it may have been read too soon', () => {
    const before = { ...state, isUnsure: true };
    expect(isRefreshed({ targets: [here], before })).toBe(true);
    expect(isRefreshed({ targets: [here], before, settings: wildcards })).toBe(
      true,
    );
    expect(
      isRefreshed({ targets: [here], before, after: { ...state, head: 'b' } }),
    ).toBe(true);
  });

  it('with wildcards whenever the branch has moved', () => {
    const settings = wildcards;
    expect(isRefreshed({ targets: [here], settings })).toBe(false);
    expect(
      isRefreshed({
        targets: [here],
        settings,
        after: { ...state, head: 'b' },
      }),
    ).toBe(true);
  });

  it('not when the location is new anyway', () => {
    expect(
      isRefreshed({
        targets: [there],
        after: { ...state, name: 'page', file: { oid: '2', isEmpty: false } },
      }),
    ).toBe(false);
  });

  it('not when nothing was known', () => {
    expect(isRefreshed({ targets: [here], before: undefined })).toBe(false);
  });
});

describe('what came of it, in words,', () => {
  const locations = makeLocations({ [here]: 'held' });

  it.each<[string, Parameters<typeof describeWith>[0], string]>([
    [
      'is what the catalog reads now',
      { targets: [here] },
      `The catalog reads ${here}`,
    ],
    [
      'is what it drops, and why',
      { targets: [], locations, explanation: 'is archived' },
      `The catalog drops ${here}. The repository is archived`,
    ],
    [
      'is both after a renaming',
      { targets: [there], locations },
      `The catalog drops ${here}. The catalog reads ${there}`,
    ],
    [
      'is that the file is read again',
      { targets: [here], locations, isProvenChange: true },
      'catalog-info.yaml has changed, so the catalog reads it again',
    ],
    [
      'is that some file is read again',
      {
        targets: [here],
        locations,
        isProvenChange: true,
        settings: { catalogPath: '*/info.yaml', hasWildcards: true },
      },
      'A file of */info.yaml has changed, so the catalog reads it again',
    ],
    [
      'is that nothing did, and why',
      { targets: [], explanation: 'has no branch yet' },
      'Nothing that the catalog sees has changed. The repository has no branch yet',
    ],
  ])('%s', (_, options, outcome) => {
    expect(describeWith(options).outcome).toBe(outcome);
  });
});
