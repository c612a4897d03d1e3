import {
  changeTree,
  makeBlob,
  makeCommit,
  makeTree,
  type GitBlob,
  type GitCommit,
  type GitPerson,
} from './gitObjects';
import type { GitStore } from './GitStore';

/**
 * A commit to be made.
 *
 * @public
 */
export interface GithubCommitInput {
  message?: string;
  /** Contents by paths; `null` removes the file. The others stay, and so do those that are undefined. */
  files: Readonly<Record<string, string | Uint8Array | null | undefined>>;
  /** The sender unless given. */
  author?: GitPerson;
}

/**
 * What a push did to a branch.
 *
 * @public
 */
export interface GithubPush {
  branch: string;
  /** Nothing for a new branch. */
  before: string | undefined;
  /** Nothing for a deleted branch. */
  after: GitCommit | undefined;
  /** What the branch has now and had not before, the oldest first. */
  commits: GitCommit[];
  /** Whether commits of the branch were taken away. */
  isForced: boolean;
}

/**
 * Makes commits for a branch, which is not set to them yet.
 *
 * @param options.onto - the commit that the first one follows; `undefined` for none, which begins a new history
 * @param options.force - allows to take commits away from the branch
 *
 * @throws if that would take commits away without force, or makes a branch without any commit
 */
export function pushCommits(
  git: GitStore,
  options: {
    branch: string;
    onto: GitCommit | undefined;
    force: boolean;
    commits: readonly GithubCommitInput[];
    author: GitPerson;
    nowMs: number;
  },
): GithubPush {
  const { branch, onto, force, author, nowMs } = options;
  const before = git.branches.get(branch);
  let head = onto;
  for (const { files, message, author: own = author } of options.commits) {
    head = makeCommit({
      tree: changeTree(head?.tree, makeBlobs(files)) ?? makeTree(new Map()),
      parents: head ? [head.oid] : [],
      author: own,
      seconds: Math.floor(nowMs / 1000),
      message: message ?? `Change ${Object.keys(files).join(', ')}`,
    });
    git.add(head);
  }
  if (!head) {
    throw new Error(`There is no commit for the branch ${branch}`);
  }
  const isForced = before !== undefined && !git.isAncestor(before, head.oid);
  if (isForced && !force) {
    throw new Error(
      `${head.oid} does not follow the head of ${branch}: push with force`,
    );
  }
  const commits = git.listCommits(before ?? onto?.oid, head.oid);
  return { branch, before, after: head, commits, isForced };
}

function makeBlobs(
  files: GithubCommitInput['files'],
): Map<string, GitBlob | null> {
  const blobs = new Map<string, GitBlob | null>();
  for (const [path, content] of Object.entries(files)) {
    if (content !== undefined) {
      blobs.set(path, content === null ? null : makeBlob(content));
    }
  }
  return blobs;
}
