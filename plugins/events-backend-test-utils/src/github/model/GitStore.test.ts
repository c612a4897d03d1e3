import { makeCommit, makeTree } from './gitObjects';
import { GitStore } from './GitStore';

/** Commits by their names, each with its parents. */
function makeHistory(parents: Record<string, string>) {
  const git = new GitStore();
  const oids = new Map<string, string>();
  const names = new Map<string, string>();
  for (const [name, before] of Object.entries(parents)) {
    const commit = makeCommit({
      tree: makeTree(new Map()),
      parents: [...before].map(each => oids.get(each) ?? ''),
      author: { name: 'Hubot', email: 'hubot@example.com' },
      seconds: 0,
      message: name,
    });
    git.add(commit);
    oids.set(name, commit.oid);
    names.set(commit.oid, name);
  }
  const list = (base: string | undefined, head: string) =>
    git
      .listCommits(base && oids.get(base), oids.get(head) ?? '')
      .map(({ oid }) => names.get(oid))
      .join('');
  return { git, oids, list };
}

describe('histories', () => {
  // a - b - c - d
  //      \     \
  //       e - f - m
  const parents = { a: '', b: 'a', c: 'b', d: 'c', e: 'b', f: 'e', m: 'df' };

  it('tell what a head has that a base has not', () => {
    const { list } = makeHistory(parents);

    expect(list(undefined, 'd')).toBe('abcd');
    expect(list('b', 'd')).toBe('cd');
    expect(list('d', 'd')).toBe('');
    expect(list('d', 'b')).toBe('');
    expect(list('d', 'f')).toBe('ef');
    expect([...list('d', 'm')].sort().join('')).toBe('efm');
    expect([...list('c', 'm')].sort().join('')).toBe('defm');
  });

  it('tell what was before, and where two parted', () => {
    const { git, oids } = makeHistory({ ...parents, x: '' });
    const oid = (name: string) => oids.get(name) ?? '';

    expect(git.isAncestor(oid('b'), oid('f'))).toBe(true);
    expect(git.isAncestor(oid('c'), oid('f'))).toBe(false);
    expect(git.findMergeBase(oid('d'), oid('f'))?.oid).toBe(oid('b'));
    expect(git.findMergeBase(oid('d'), oid('x'))).toBeUndefined();
  });

  it('keep the branches of a moment apart from those of the next', () => {
    const { git, oids } = makeHistory(parents);
    const first = git.withBranch('main', oids.get('a'));
    const second = first.withBranch('main', oids.get('b'));

    expect(first.findCommit('HEAD', 'main')?.oid).toBe(oids.get('a'));
    expect(second.findCommit('HEAD', 'main')?.oid).toBe(oids.get('b'));
    expect(second.withBranch('main', undefined).branches.size).toBe(0);
    expect(git.branches.size).toBe(0);
  });
});
