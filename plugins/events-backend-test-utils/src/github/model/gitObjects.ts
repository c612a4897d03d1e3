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
  return changeTree(undefined, files) ?? hashTree(new Map());
}

/**
 * Makes the tree that is left after some files were changed. Folders in which nothing was changed stay as they are.
 *
 * @param changes - files by their paths; `null` removes one
 * @param folder - where the tree is, for errors; with a slash at the end
 *
 * @returns nothing if no file is left
 *
 * @throws if a path is empty in a part, names a file and a folder, or removes what is not there
 */
export function changeTree(
  before: GitTree | undefined,
  changes: ReadonlyMap<string, GitBlob | null>,
  folder: string = '',
): GitTree | undefined {
  const entries = new Map(before?.entries);
  const { own, inside } = splitByFolder(changes);
  for (const [name, blob] of own) {
    if (blob === null) {
      removeFile(entries, name, folder);
    }
  }
  for (const [name, nested] of inside) {
    const entry = entries.get(name);
    if (entry?.type === 'blob') {
      throw new Error(`"${folder}${name}" is a file and a folder`);
    }
    const tree = changeTree(entry, nested, `${folder}${name}/`);
    if (tree) {
      entries.set(name, tree);
    } else {
      entries.delete(name);
    }
  }
  for (const [name, blob] of own) {
    if (blob !== null) {
      if (entries.get(name)?.type === 'tree') {
        throw new Error(`"${folder}${name}" is a file and a folder`);
      }
      entries.set(name, blob);
    }
  }
  return entries.size > 0 ? hashTree(entries) : undefined;
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
  const changes: GitChanges = { added: [], modified: [], removed: [] };
  gatherChanges(changes, before, after, '');
  changes.added.sort();
  changes.modified.sort();
  changes.removed.sort();
  return changes;
}

/** Looks into no folder that is the same in both. */
function gatherChanges(
  changes: GitChanges,
  before: GitTree | undefined,
  after: GitTree | undefined,
  folder: string,
): void {
  const names = new Set([
    ...(before?.entries.keys() ?? []),
    ...(after?.entries.keys() ?? []),
  ]);
  for (const name of names) {
    const old = before?.entries.get(name);
    const now = after?.entries.get(name);
    const path = `${folder}${name}`;
    if (old?.oid === now?.oid) {
      continue;
    }
    if (old?.type === 'blob' && now?.type === 'blob') {
      changes.modified.push(path);
      continue;
    }
    if (old?.type === 'blob') {
      changes.removed.push(path);
    }
    if (now?.type === 'blob') {
      changes.added.push(path);
    }
    if (old?.type === 'tree' || now?.type === 'tree') {
      gatherChanges(changes, asTree(old), asTree(now), `${path}/`);
    }
  }
}

function asTree(entry: GitBlob | GitTree | undefined): GitTree | undefined {
  return entry?.type === 'tree' ? entry : undefined;
}

/** What is in the folder itself, and what is in its folders. */
function splitByFolder(changes: ReadonlyMap<string, GitBlob | null>) {
  const own = new Map<string, GitBlob | null>();
  const inside = new Map<string, Map<string, GitBlob | null>>();
  for (const [path, blob] of changes) {
    const slash = path.indexOf('/');
    const name = slash === -1 ? path : path.slice(0, slash);
    if (name === '') {
      throw new Error(`The path "${path}" has an empty part`);
    }
    if (slash === -1) {
      own.set(name, blob);
    } else {
      const nested = inside.get(name) ?? new Map<string, GitBlob | null>();
      inside.set(name, nested.set(path.slice(slash + 1), blob));
    }
  }
  return { own, inside };
}

function removeFile(
  entries: Map<string, GitBlob | GitTree>,
  name: string,
  folder: string,
): void {
  if (entries.get(name)?.type !== 'blob') {
    throw new Error(`There is no file ${folder}${name} to remove`);
  }
  entries.delete(name);
}

/** Git sorts by bytes, and a folder as if its name ended with a slash. */
function hashTree(unsorted: ReadonlyMap<string, GitBlob | GitTree>): GitTree {
  const sorted = [...unsorted]
    .map(([name, entry]) => ({
      name,
      entry,
      key: Buffer.from(entry.type === 'tree' ? `${name}/` : name),
    }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const body = Buffer.concat(
    sorted.flatMap(({ name, entry: { type, oid } }) => [
      Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  );
  return {
    type: 'tree',
    oid: hashObject('tree', body),
    entries: new Map(sorted.map(({ name, entry }) => [name, entry])),
  };
}
