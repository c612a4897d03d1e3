import { findEntry, type GitCommit, type GitObject } from './gitObjects';

/**
 * What git has of a repository at one moment: its branches, and every object that was ever pushed to it. A change of a
 * branch makes another one; the objects are the same for all, forks included.
 *
 * @public
 */
export class GitStore {
  /** Oids of commits, by the names of branches. */
  readonly branches: ReadonlyMap<string, string>;
  readonly #objects: Map<string, GitObject>;

  /** @param from - whose objects are shared; it has none unless given */
  constructor(
    branches: ReadonlyMap<string, string> = new Map(),
    from?: GitStore,
  ) {
    this.branches = branches;
    this.#objects = from ? from.#objects : new Map();
  }

  /** @param oid - to which commit the branch is set; nothing deletes it */
  withBranch(name: string, oid: string | undefined): GitStore {
    const branches = new Map(this.branches);
    if (oid === undefined) {
      branches.delete(name);
    } else {
      branches.set(name, oid);
    }
    return new GitStore(branches, this);
  }

  /** Keeps an object and all that it holds. */
  add(object: GitObject): void {
    if (this.#objects.has(object.oid)) {
      return;
    }
    this.#objects.set(object.oid, object);
    if (object.type === 'commit') {
      this.add(object.tree);
    } else if (object.type === 'tree') {
      object.entries.forEach(entry => this.add(entry));
    }
  }

  get(oid: string): GitObject | undefined {
    return this.#objects.get(oid);
  }

  getCommit(oid: string | undefined): GitCommit | undefined {
    const object = oid === undefined ? undefined : this.#objects.get(oid);
    return object?.type === 'commit' ? object : undefined;
  }

  /**
   * Finds a commit by a branch, with or without `refs/heads/` or `heads/`, by its oid or the first seven digits or more
   * of it, or by `HEAD`.
   */
  findCommit(revision: string, defaultBranch: string): GitCommit | undefined {
    const name =
      revision === 'HEAD'
        ? defaultBranch
        : revision.replace(/^(refs\/)?heads\//, '');
    const head = this.branches.get(name);
    if (head) {
      return this.getCommit(head);
    }
    if (revision.length === 40 || !/^[0-9a-f]{7,}$/.test(revision)) {
      return this.getCommit(revision);
    }
    const found = [...this.#objects.keys()].find(
      oid => oid.startsWith(revision) && this.getCommit(oid),
    );
    return this.getCommit(found);
  }

  /**
   * Finds an object as `git rev-parse` does.
   *
   * @param expression - a revision, or a revision, a colon and a path
   */
  findObject(expression: string, defaultBranch: string): GitObject | undefined {
    const colon = expression.indexOf(':');
    if (colon === -1) {
      return this.findCommit(expression, defaultBranch) ?? this.get(expression);
    }
    const commit = this.findCommit(expression.slice(0, colon), defaultBranch);
    const path = expression.slice(colon + 1);
    return commit && findEntry(commit.tree, path);
  }

  /**
   * What a head has that a base has not.
   *
   * @param base - nothing for the whole history
   * @returns the commits in the order in which they were made
   */
  listCommits(base: string | undefined, head: string): GitCommit[] {
    const found = new Set([head]);
    let isRootFound = false;
    for (const oid of found) {
      if (oid !== base) {
        const { parents = [] } = this.getCommit(oid) ?? {};
        isRootFound ||= parents.length === 0;
        parents.forEach(parent => found.add(parent));
      }
    }
    // Where every way back ends at the base, none of these is before it; so a long history is not walked each time.
    const known =
      base === undefined || !isRootFound
        ? new Set([base])
        : this.listReached([base]);
    return [...found]
      .filter(oid => !known.has(oid))
      .flatMap(oid => this.getCommit(oid) ?? [])
      .reverse();
  }

  isAncestor(oid: string, descendant: string): boolean {
    for (const each of this.#walk([descendant])) {
      if (each === oid) {
        return true;
      }
    }
    return false;
  }

  findMergeBase(a: string, b: string): GitCommit | undefined {
    const known = this.listReached([a]);
    for (const oid of this.#walk([b])) {
      if (known.has(oid)) {
        return this.getCommit(oid);
      }
    }
    return undefined;
  }

  /** The oids of commits and of all before them. */
  listReached(heads: Iterable<string>): ReadonlySet<string> {
    return new Set(this.#walk(heads));
  }

  /** Commits and all before them, breadth first. */
  *#walk(heads: Iterable<string>): Generator<string> {
    const found = new Set(heads);
    for (const oid of found) {
      yield oid;
      this.getCommit(oid)?.parents.forEach(parent => found.add(parent));
    }
  }
}
