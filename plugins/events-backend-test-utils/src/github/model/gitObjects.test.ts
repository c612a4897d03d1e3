import {
  changeTree,
  compareTrees,
  findEntry,
  listEntries,
  makeBlob,
  makeCommit,
  makeTree,
  type GitTree,
} from './gitObjects';

function treeOf(contents: Record<string, string>): GitTree {
  return makeTree(
    new Map(
      Object.entries(contents).map(([path, text]) => [path, makeBlob(text)]),
    ),
  );
}

// The oids were made by git 2.39.
const files = {
  'foo/q': 'w',
  'foo.bar': 'z',
  'foo-1': 'v',
  'docs/c.md': 'y',
  'docs/img/b': 'x',
  'a.txt': 'hello\n',
};

describe('objects of git', () => {
  it('have the oids that git gives to files and to nothing', () => {
    expect(makeBlob('hello\n').oid).toBe(
      'ce013625030ba8dba906f756967f9e9ca394464a',
    );
    expect(makeTree(new Map()).oid).toBe(
      '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    );
  });

  it('sort folders as if their names ended with a slash', () => {
    const tree = treeOf(files);

    expect([...tree.entries.keys()]).toEqual([
      'a.txt',
      'docs',
      'foo-1',
      'foo.bar',
      'foo',
    ]);
    expect(findEntry(tree, 'docs')?.oid).toBe(
      '39e7e87a5b065faaa29ac96a8e1f8788473e98c9',
    );
    expect(tree.oid).toBe('2310d44e139b42ba609e79aed5f8f77293bb1ffa');
  });

  it('have the oids that git gives to commits', () => {
    const parts = {
      tree: treeOf(files),
      author: { name: 'Hubot', email: 'hubot@example.com' },
      seconds: 1_700_000_000,
    };
    const first = makeCommit({ ...parts, parents: [], message: 'First' });
    const second = makeCommit({
      ...parts,
      parents: [first.oid],
      message: 'Second\n\nwith a body\n',
    });

    expect(first.oid).toBe('708e4082156d49e2df07227b494f8fbac7da7242');
    expect(second.oid).toBe('93798d227131649ad10e6e264d77539d258e8281');
  });
});

describe('trees', () => {
  it('list each folder before what is in it', () => {
    expect([...listEntries(treeOf(files))].map(([path]) => path)).toEqual([
      'a.txt',
      'docs',
      'docs/c.md',
      'docs/img',
      'docs/img/b',
      'foo-1',
      'foo.bar',
      'foo',
      'foo/q',
    ]);
  });

  it('find files and folders at their paths, and nothing below a file', () => {
    const tree = treeOf(files);

    expect(findEntry(tree, '')).toBe(tree);
    expect(findEntry(tree, 'docs/img')?.type).toBe('tree');
    expect(findEntry(tree, 'docs/img/b')?.type).toBe('blob');
    expect(findEntry(tree, 'a.txt/b')).toBeUndefined();
    expect(findEntry(tree, 'missing')).toBeUndefined();
  });

  it('tell what was added, modified and removed in any folder', () => {
    const before = treeOf({ same: '1', 'a/changed': '1', 'a/gone': '1' });
    const after = treeOf({ same: '1', 'a/changed': '2', 'b/new': '1' });

    expect(compareTrees(before, after)).toEqual({
      added: ['b/new'],
      modified: ['a/changed'],
      removed: ['a/gone'],
    });
    expect(compareTrees(undefined, before).added).toEqual([
      'a/changed',
      'a/gone',
      'same',
    ]);
  });

  it('stay as they are but for what is changed, and lose empty folders', () => {
    const before = treeOf({ 'a/b/c': '1', 'a/d': '1', e: '1', 'f/g': '1' });
    const after = changeTree(
      before,
      new Map([
        ['a/b/c', null],
        ['e', null],
        ['e/h', makeBlob('2')],
        ['i/j', makeBlob('2')],
      ]),
    );

    expect(after?.oid).toBe(
      treeOf({ 'a/d': '1', 'e/h': '2', 'f/g': '1', 'i/j': '2' }).oid,
    );
    expect(after?.entries.get('f')).toBe(before.entries.get('f'));
    expect(changeTree(treeOf({ a: '1' }), new Map([['a', null]]))).toBe(
      undefined,
    );
    expect(() => changeTree(before, new Map([['a/b/x', null]]))).toThrow(
      'There is no file a/b/x to remove',
    );
  });

  it('refuse a path that is a file and a folder', () => {
    expect(() => treeOf({ a: '1', 'a/b': '1' })).toThrow(
      '"a" is a file and a folder',
    );
    expect(() => treeOf({ '/a': '1' })).toThrow('has an empty part');
  });
});
