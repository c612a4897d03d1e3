import type { Commit, PushEvent } from '@octokit/webhooks-types';
import type { GithubState } from './GithubState';
import { compareTrees, type GitChanges, type GitCommit } from './gitObjects';
import type { GithubPush } from './pushCommits';
import type { GithubAccount, GithubRepository } from './records';
import { noreplyAddress } from './renderAccount';
import { renderPushedRepository, renderTime } from './renderRepository';
import type { CommonPayload } from './WebhookAnnouncer';

const noCommit = '0'.repeat(40);

/** A push has at most so many commits, its first ones. */
const maxCommits = 2048;

/** A commit has at most so many files. Which ones GitHub leaves out is not known. */
const maxFiles = 3000;

/**
 * A push as webhooks tell it.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 */
export function renderPush(
  push: GithubPush,
  parts: {
    state: GithubState;
    repository: GithubRepository;
    sender: GithubAccount;
  },
  common: CommonPayload,
): PushEvent {
  const { state, repository, sender } = parts;
  const { branch, before, after, commits, isForced } = push;
  const owner = state.getAccount(repository.ownerId);
  const pageUrl = common.repository.html_url;
  const { git } = repository;
  const others = new Map(git.branches);
  others.delete(branch);
  const known = git.listReached(others.values());
  const render = (commit: GitCommit) => ({
    ...renderCommit(commit, pageUrl, parts),
    distinct: !known.has(commit.oid),
  });
  return {
    ref: `refs/heads/${branch}`,
    before: before ?? noCommit,
    after: after?.oid ?? noCommit,
    ...common,
    repository: renderPushedRepository(repository, owner, state.urls),
    pusher: { name: sender.login, email: noreplyAddress(sender) },
    created: before === undefined,
    deleted: after === undefined,
    forced: isForced,
    base_ref: findBase(push, repository),
    compare: `${pageUrl}/${renderComparison(push)}`,
    commits: commits.slice(0, maxCommits).map(render),
    head_commit: after ? render(after) : null,
  };
}

function renderCommit(
  commit: GitCommit,
  pageUrl: string,
  { state, repository }: { state: GithubState; repository: GithubRepository },
): Omit<Commit, 'distinct'> {
  const { oid, tree, parents, author, message, seconds } = commit;
  const account = state.findAuthor(author);
  const person = { ...author, ...(account && { username: account.login }) };
  const parent = repository.git.getCommit(parents[0]);
  return {
    id: oid,
    tree_id: tree.oid,
    message,
    timestamp: renderTime(seconds * 1000),
    url: `${pageUrl}/commit/${oid}`,
    author: person,
    committer: person,
    ...cutFiles(compareTrees(parent?.tree, tree)),
  };
}

function cutFiles({ added, modified, removed }: GitChanges): GitChanges {
  const left = maxFiles - added.length;
  return {
    added: added.slice(0, maxFiles),
    modified: modified.slice(0, Math.max(0, left)),
    removed: removed.slice(0, Math.max(0, left - modified.length)),
  };
}

/** A new branch without commits of its own says which branch it was made from. */
function findBase(
  { branch, before, after, commits }: GithubPush,
  { git }: GithubRepository,
): string | null {
  if (before !== undefined || commits.length > 0) {
    return null;
  }
  const [base] =
    [...git.branches].find(
      ([name, head]) => name !== branch && head === after?.oid,
    ) ?? [];
  return base === undefined ? null : `refs/heads/${base}`;
}

function renderComparison({ branch, before, after, commits }: GithubPush) {
  const short = (oid: string) => oid.slice(0, 12);
  if (before !== undefined) {
    return `compare/${short(before)}...${short(after?.oid ?? noCommit)}`;
  }
  switch (commits.length) {
    case 0:
      return `compare/${branch}`;
    case 1:
      return `commit/${commits[0].oid}`;
    default:
      return `compare/${short(commits[0].oid)}^...${short(
        commits[commits.length - 1].oid,
      )}`;
  }
}
