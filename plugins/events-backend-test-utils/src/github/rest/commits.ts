import { ApiError, notFound } from '../ApiError';
import type { GitCommit } from '../model/gitObjects';
import { makeTarball } from './makeTarball';
import { renderFiles } from './renderFiles';
import { getPlace, renderCommit, type Place } from './renderGit';
import { renderOne } from './repositories';
import { paginate, type RestAnswer, type RestCall, type Route } from './router';

/** The files of a commit come in pages of so many. */
const filesPerPage = { usual: 300, most: 300 };

const commitsPerPage = { usual: 250, most: 250 };

/** Branches and commits. */
export const commitRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/branches',
    answer: answerBranches,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/branches/*branch',
    answer: answerBranch,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/commits/*ref/status',
    answer: answerStatus,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/commits/*ref',
    answer: answerCommit,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/compare/*basehead',
    answer: answerComparison,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/tarball/*ref',
    answer: answerTarball,
  },
];

function answerBranches(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const branches = [...place.repository.git.branches].sort();
  const { page, headers } = paginate(call, branches);
  return {
    body: page.map(([name, sha]) => ({
      name,
      commit: { sha, url: `${place.url}/commits/${sha}` },
      protected: false,
    })),
    headers,
  };
}

function answerBranch(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const { branch } = call.params;
  const { git } = place.repository;
  const commit = git.getCommit(git.branches.get(branch));
  if (!commit) {
    throw new ApiError(404, 'Branch not found');
  }
  const self = `${place.url}/branches/${branch}`;
  return {
    body: {
      name: branch,
      commit: renderCommit(place, commit),
      _links: { self, html: `${place.pageUrl}/tree/${branch}` },
      protected: false,
      protection: {
        enabled: false,
        required_status_checks: {
          enforcement_level: 'off',
          contexts: [],
          checks: [],
        },
      },
      protection_url: `${self}/protection`,
    },
  };
}

function answerStatus(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const { oid } = getCommit(place, call.params.ref);
  return {
    body: {
      state: 'pending',
      statuses: [],
      sha: oid,
      total_count: 0,
      repository: renderOne(call, place.repository),
      commit_url: `${place.url}/commits/${oid}`,
      url: `${place.url}/commits/${oid}/status`,
    },
  };
}

function answerCommit(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const commit = getCommit(place, call.params.ref);
  const parent = place.repository.git.getCommit(commit.parents[0]);
  const files = renderFiles(place, parent?.tree, commit);
  const { page, headers } = paginate(call, files, filesPerPage);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    body: {
      ...renderCommit(place, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: page,
    },
    headers,
  };
}

function answerComparison(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const { git } = place.repository;
  const [base, head] = call.params.basehead
    .split('...')
    .map(ref => findCommit(place, ref));
  if (!base || !head) {
    throw notFound();
  }
  const mergeBase = git.findMergeBase(base.oid, head.oid);
  if (!mergeBase) {
    const names = call.params.basehead.replace('...', ' and ');
    throw new ApiError(404, `No common ancestor between ${names}.`);
  }
  const ahead = git.listCommits(base.oid, head.oid);
  const behind = git.listCommits(head.oid, base.oid);
  const { page, headers } = paginate(call, ahead, commitsPerPage);
  const isFirstPage = (call.url.searchParams.get('page') ?? '1') === '1';
  const range = `compare/${call.params.basehead}`;
  return {
    body: {
      url: `${place.url}/${range}`,
      html_url: `${place.pageUrl}/${range}`,
      permalink_url: `${place.pageUrl}/compare/${base.oid}...${head.oid}`,
      diff_url: `${place.pageUrl}/${range}.diff`,
      patch_url: `${place.pageUrl}/${range}.patch`,
      base_commit: renderCommit(place, base),
      merge_base_commit: renderCommit(place, mergeBase),
      status: nameStatus(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: page.map(commit => renderCommit(place, commit)),
      // Only the first page of the commits has files, and never more than 300.
      files: isFirstPage
        ? renderFiles(place, mergeBase.tree, head).slice(0, filesPerPage.most)
        : [],
    },
    headers,
  };
}

/** Here and now, where GitHub redirects to another host. */
function answerTarball(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const { owner, repo, ref } = call.params;
  const commit = getCommit(place, ref);
  const folder = `${owner}-${repo}-${commit.oid.slice(0, 7)}`;
  return {
    headers: { 'content-type': 'application/x-gzip' },
    body: makeTarball(commit, folder),
  };
}

function nameStatus(ahead: number, behind: number): string {
  if (ahead > 0) {
    return behind > 0 ? 'diverged' : 'ahead';
  }
  return behind > 0 ? 'behind' : 'identical';
}

function findCommit({ repository }: Place, ref: string) {
  return repository.git.findCommit(ref, repository.defaultBranch);
}

function getCommit(place: Place, ref: string): GitCommit {
  const commit = findCommit(place, ref);
  if (!commit) {
    throw new ApiError(422, `No commit found for SHA: ${ref}`);
  }
  return commit;
}
