import {
  listFiles,
  makeBlob,
  makeCommit,
  makeTree,
  type GitBlob,
  type GitCommit,
  type GitPerson,
  type GitTree,
} from './gitObjects';
import type { GitStore } from './GitStore';

/**
 * A commit to be made.
 *
 * @public
 */
export interface GithubCommitInput {
  message?: string;
  /** Contents by paths; `null` removes the file. The others stay. */
  files: Record<string, string | Uint8Array | null>;
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
 * Makes commits on a branch.
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
      tree: changeFiles(head?.tree, files),
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
  git.branches.set(branch, head.oid);
  const commits = git.listCommits(before ?? onto?.oid, head.oid);
  return { branch, before, after: head, commits, isForced };
}

function changeFiles(
  before: GitTree | undefined,
  changes: GithubCommitInput['files'],
): GitTree {
  const files = before ? listFiles(before) : new Map<string, GitBlob>();
  for (const [path, content] of Object.entries(changes)) {
    if (content !== null) {
      files.set(path, makeBlob(content));
    } else if (!files.delete(path)) {
      throw new Error(`There is no file ${path} to remove`);
    }
  }
  return makeTree(files);
}
