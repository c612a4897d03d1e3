import { findEntry, type GitCommit, type GitObject } from './gitObjects';

/**
 * The branches of one repository, and every object that was ever pushed to it.
 *
 * @public
 */
export class GitStore {
  /** Oids of commits, by the names of branches. */
  readonly branches = new Map<string, string>();
  readonly #objects = new Map<string, GitObject>();

  /** Keeps objects and all that they hold. */
  add(...objects: GitObject[]): void {
    for (const object of objects) {
      if (this.#objects.has(object.oid)) {
        continue;
      }
      this.#objects.set(object.oid, object);
      if (object.type === 'commit') {
        this.add(object.tree);
      } else if (object.type === 'tree') {
        this.add(...object.entries.values());
      }
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
    const known = base === undefined ? new Set() : this.#ancestors(base);
    return [...this.#ancestors(head)]
      .filter(oid => !known.has(oid))
      .flatMap(oid => this.getCommit(oid) ?? [])
      .reverse();
  }

  isAncestor(oid: string, descendant: string): boolean {
    return this.#ancestors(descendant).has(oid);
  }

  findMergeBase(a: string, b: string): GitCommit | undefined {
    const known = this.#ancestors(a);
    return this.getCommit([...this.#ancestors(b)].find(oid => known.has(oid)));
  }

  /** A commit and all before it, breadth first. */
  #ancestors(oid: string): Set<string> {
    const found = new Set([oid]);
    for (const each of found) {
      this.getCommit(each)?.parents.forEach(parent => found.add(parent));
    }
    return found;
  }
}
