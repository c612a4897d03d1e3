import { createHash } from 'node:crypto';

/**
 * The content of a file.
 *
 * @public
 */
export interface GitBlob {
  readonly type: 'blob';
  readonly oid: string;
  readonly content: Buffer;
}

/**
 * A folder.
 *
 * @public
 */
export interface GitTree {
  readonly type: 'tree';
  readonly oid: string;
  /** By their names, in the order of git. */
  readonly entries: ReadonlyMap<string, GitBlob | GitTree>;
}

/**
 * Who wrote or made a commit.
 *
 * @public
 */
export interface GitPerson {
  readonly name: string;
  readonly email: string;
}

/**
 * A commit; its author is its committer.
 *
 * @public
 */
export interface GitCommit {
  readonly type: 'commit';
  readonly oid: string;
  readonly tree: GitTree;
  /** Oids of commits. */
  readonly parents: readonly string[];
  readonly author: GitPerson;
  /** In seconds since the epoch. */
  readonly seconds: number;
  readonly message: string;
}

/** @public */
export type GitObject = GitBlob | GitTree | GitCommit;

/** What is different between two trees, as sorted paths. */
export interface GitChanges {
  added: string[];
  modified: string[];
  removed: string[];
}

/**
 * Hashes an object as git does: SHA-1 over a header and the body.
 *
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */
function hashObject(type: GitObject['type'], body: Buffer): string {
  return createHash('sha1')
    .update(`${type} ${body.length}\0`)
    .update(body)
    .digest('hex');
}

export function makeBlob(content: string | Uint8Array): GitBlob {
  const bytes = Buffer.from(content);
  return { type: 'blob', oid: hashObject('blob', bytes), content: bytes };
}

/**
 * Makes the tree of all files.
 *
 * @param files - by their paths, which have no slash at either end
 * @throws if a path is empty in a part, or names a file and a folder
 */
export function makeTree(files: ReadonlyMap<string, GitBlob>): GitTree {
  const blobs = new Map<string, GitBlob>();
  const folders = new Map<string, Map<string, GitBlob>>();
  for (const [path, blob] of files) {
    const [name, ...rest] = path.split('/');
    if (name === '') {
      throw new Error(`The path "${path}" has an empty part`);
    }
    if (rest.length === 0) {
      blobs.set(name, blob);
    } else {
      const folder = folders.get(name) ?? new Map<string, GitBlob>();
      folders.set(name, folder.set(rest.join('/'), blob));
    }
  }
  const both = [...folders.keys()].find(name => blobs.has(name));
  if (both !== undefined) {
    throw new Error(`"${both}" is a file and a folder`);
  }
  const trees = [...folders].map(([name, inside]): [string, GitTree] => [
    name,
    makeTree(inside),
  ]);
  const entries = new Map<string, GitBlob | GitTree>(
    [...blobs, ...trees].sort(compareEntries),
  );
  const body = Buffer.concat(
    [...entries].flatMap(([name, { type, oid }]) => [
      Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  );
  return { type: 'tree', oid: hashObject('tree', body), entries };
}

/** Makes a commit with the time zone of Greenwich. */
export function makeCommit(parts: Omit<GitCommit, 'type' | 'oid'>): GitCommit {
  const { tree, parents, author, seconds, message } = parts;
  const stamp = `${author.name} <${author.email}> ${seconds} +0000`;
  const lines = [
    `tree ${tree.oid}`,
    ...parents.map(parent => `parent ${parent}`),
    `author ${stamp}`,
    `committer ${stamp}`,
    '',
    message,
  ];
  const oid = hashObject('commit', Buffer.from(lines.join('\n')));
  return { ...parts, type: 'commit', oid };
}

/**
 * Finds what is at a path.
 *
 * @param path - the empty one is the tree itself
 */
export function findEntry(
  tree: GitTree,
  path: string,
): GitBlob | GitTree | undefined {
  let found: GitBlob | GitTree | undefined = tree;
  for (const name of path.split('/').filter(Boolean)) {
    found = found?.type === 'tree' ? found.entries.get(name) : undefined;
  }
  return found;
}

/** Everything inside, by its path: each folder before what is in it. */
export function* listEntries(
  tree: GitTree,
  prefix: string = '',
): Generator<[path: string, entry: GitBlob | GitTree]> {
  for (const [name, entry] of tree.entries) {
    const path = `${prefix}${name}`;
    yield [path, entry];
    if (entry.type === 'tree') {
      yield* listEntries(entry, `${path}/`);
    }
  }
}

/** Every file inside, by its path. */
export function listFiles(tree: GitTree): Map<string, GitBlob> {
  const files = new Map<string, GitBlob>();
  for (const [path, entry] of listEntries(tree)) {
    if (entry.type === 'blob') {
      files.set(path, entry);
    }
  }
  return files;
}

/**
 * Compares all files of two trees; a file that was moved is removed and added.
 *
 * @param before - nothing for the first commit
 */
export function compareTrees(
  before: GitTree | undefined,
  after: GitTree,
): GitChanges {
  const old = before ? listFiles(before) : new Map<string, GitBlob>();
  const now = listFiles(after);
  const paths = [...now.keys()];
  return {
    added: paths.filter(path => !old.has(path)).sort(),
    modified: paths
      .filter(
        path => old.has(path) && old.get(path)?.oid !== now.get(path)?.oid,
      )
      .sort(),
    removed: [...old.keys()].filter(path => !now.has(path)).sort(),
  };
}

/** Git sorts by bytes, and a folder as if its name ended with a slash. */
function compareEntries(
  [nameA, a]: [string, GitBlob | GitTree],
  [nameB, b]: [string, GitBlob | GitTree],
): number {
  const key = (name: string, { type }: GitBlob | GitTree) =>
    Buffer.from(type === 'tree' ? `${name}/` : name);
  return Buffer.compare(key(nameA, a), key(nameB, b));
}
