import type { GithubState } from '../model/GithubState';
import type { GitBlob, GitCommit, GitTree } from '../model/gitObjects';
import { makeNodeId } from '../model/nodeIds';
import type { GithubRepository } from '../model/records';
import { renderUser } from '../model/renderAccount';
import { renderTime } from '../model/renderRepository';
import { getRepository, type RestCall } from './router';

/** Larger files are without content unless their bytes are asked for. */
const maxContentBytes = 1_000_000;

/** A repository, and where it is. */
export interface Place {
  repository: GithubRepository;
  state: GithubState;
  /** Of its API. */
  url: string;
  /** Of its pages. */
  pageUrl: string;
}

/** @throws ApiError unless there is the repository that the path names, with that name */
export function getPlace(call: RestCall): Place {
  const repository = getRepository(call);
  const { state } = call.github;
  const fullName = state.fullNameOf(repository);
  return {
    repository,
    state,
    url: `${state.urls.api}/repos/${fullName}`,
    pageUrl: `${state.urls.web}/${fullName}`,
  };
}

/** A file or a folder at a path. */
export function renderContent(
  { url, pageUrl }: Place,
  path: string,
  ref: string,
  entry: GitBlob | GitTree,
) {
  const isFile = entry.type === 'blob';
  const encoded = encodeURI(path);
  const self = `${url}/contents/${encoded}?ref=${ref}`;
  const git = `${url}/git/${isFile ? 'blobs' : 'trees'}/${entry.oid}`;
  const html = `${pageUrl}/${isFile ? 'blob' : 'tree'}/${ref}/${encoded}`;
  return {
    name: path.split('/').pop() ?? '',
    path,
    sha: entry.oid,
    size: isFile ? entry.content.length : 0,
    url: self,
    html_url: html,
    git_url: git,
    download_url: isFile ? `${pageUrl}/raw/${ref}/${encoded}` : null,
    type: isFile ? 'file' : 'dir',
    _links: { self, git, html },
  };
}

/** The bytes of a file, if it is not too large. */
export function renderBytes({ content }: GitBlob) {
  return content.length > maxContentBytes
    ? { content: '', encoding: 'none' }
    : {
        content: content.toString('base64').replace(/.{1,60}/g, '$&\n'),
        encoding: 'base64',
      };
}

/** A commit, without its files. */
export function renderCommit(
  { repository, state, url, pageUrl }: Place,
  commit: GitCommit,
) {
  const { oid, author, seconds, tree, parents, message } = commit;
  const account = state.findAuthor(author);
  const user = account ? renderUser(account, state.urls) : null;
  const person = { ...author, date: renderTime(seconds * 1000) };
  return {
    sha: oid,
    node_id: makeNodeId('Commit', repository.id, oid),
    commit: {
      author: person,
      committer: person,
      message,
      tree: { sha: tree.oid, url: `${url}/git/trees/${tree.oid}` },
      url: `${url}/git/commits/${oid}`,
      comment_count: 0,
      verification: {
        verified: false,
        reason: 'unsigned',
        signature: null,
        payload: null,
        verified_at: null,
      },
    },
    url: `${url}/commits/${oid}`,
    html_url: `${pageUrl}/commit/${oid}`,
    comments_url: `${url}/commits/${oid}/comments`,
    author: user,
    committer: user,
    parents: parents.map(parent => ({
      sha: parent,
      url: `${url}/commits/${parent}`,
      html_url: `${pageUrl}/commit/${parent}`,
    })),
  };
}
