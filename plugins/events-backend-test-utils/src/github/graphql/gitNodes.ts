import type { GithubState } from '../model/GithubState';
import {
  findEntry,
  type GitBlob,
  type GitCommit,
  type GitObject,
  type GitTree,
} from '../model/gitObjects';
import { makeNodeId } from '../model/nodeIds';
import type { GithubAccount, GithubRepository } from '../model/records';
import { renderTime } from '../model/renderRepository';
import { connect, type ConnectionArguments } from './connect';
import { refuseArguments } from './errors';

/** A repository, and how what it has leads back to it and to accounts. */
export interface GitContext {
  state: GithubState;
  repository: GithubRepository;
  makeRepository(): object;
  makeAccount(account: GithubAccount): object;
}

/** The text of larger files is cut. */
const maxTextBytes = 512_000;

/** A branch. */
export function makeRefNode(context: GitContext, branch: string): object {
  const { id, git } = context.repository;
  return {
    __typename: 'Ref',
    id: () => makeNodeId('Ref', id, `refs/heads/${branch}`),
    name: branch,
    prefix: 'refs/heads/',
    repository: context.makeRepository,
    target: () => {
      const commit = git.getCommit(git.branches.get(branch));
      return commit ? makeGitNode(context, commit) : null;
    },
  };
}

/**
 * Anything that git keeps.
 *
 * @param folder - the path of a tree, if it was asked for by one
 */
export function makeGitNode(
  context: GitContext,
  object: GitObject,
  folder: string = '',
): object {
  switch (object.type) {
    case 'blob':
      return makeBlobNode(context, object);
    case 'tree':
      return makeTreeNode(context, object, folder);
    default:
      return makeCommitNode(context, object);
  }
}

// The nodes below are made for every repository of a query. Each is one literal without a spread, which would cost a
// hundred times as much, and what is rarely asked for is made when it is.

function makePaths({ state, repository }: GitContext, { oid }: GitObject) {
  const path = () => `/${state.fullNameOf(repository)}/commit/${oid}`;
  return { path, url: () => `${state.urls.web}${path()}` };
}

function makeBlobNode(context: GitContext, blob: GitBlob) {
  const { content, oid } = blob;
  const { path, url } = makePaths(context, blob);
  const isBinary = () => content.subarray(0, 8000).includes(0);
  return {
    __typename: 'Blob',
    id: () => makeNodeId('Blob', context.repository.id, oid),
    oid,
    abbreviatedOid: () => abbreviate(oid),
    commitResourcePath: path,
    commitUrl: url,
    repository: context.makeRepository,
    byteSize: content.length,
    isBinary,
    isTruncated: content.length > maxTextBytes,
    text: () =>
      isBinary() ? null : content.subarray(0, maxTextBytes).toString(),
  };
}

function makeTreeNode(context: GitContext, tree: GitTree, folder: string) {
  const { path, url } = makePaths(context, tree);
  return {
    __typename: 'Tree',
    id: () => makeNodeId('Tree', context.repository.id, tree.oid),
    oid: tree.oid,
    abbreviatedOid: () => abbreviate(tree.oid),
    commitResourcePath: path,
    commitUrl: url,
    repository: context.makeRepository,
    entries: () =>
      [...tree.entries].map(([name, entry]) =>
        makeEntryNode(context, folder ? `${folder}/${name}` : name, entry),
      ),
  };
}

function makeCommitNode(context: GitContext, commit: GitCommit) {
  const { repository, state } = context;
  const { git } = repository;
  const { author, message, seconds, tree, oid } = commit;
  const { path, url } = makePaths(context, commit);
  const date = () => renderTime(seconds * 1000);
  const options = {
    keyOf: ([index]: [number, GitCommit]) => [index],
    makeNode: ([, each]: [number, GitCommit]) => makeGitNode(context, each),
  };
  const person = () => {
    const account = state.findAuthor(author);
    return {
      ...author,
      date,
      user: account ? context.makeAccount(account) : null,
    };
  };
  return {
    __typename: 'Commit',
    id: () => makeNodeId('Commit', repository.id, oid),
    oid,
    abbreviatedOid: () => abbreviate(oid),
    commitResourcePath: path,
    commitUrl: url,
    repository: context.makeRepository,
    resourcePath: path,
    url,
    message,
    messageHeadline: () => message.replace(/\n[^]*/, ''),
    messageBody: () => message.replace(/^.*/, '').trim(),
    authoredDate: date,
    committedDate: date,
    pushedDate: null,
    author: person,
    committer: person,
    tree: () => makeGitNode(context, tree),
    file: (args: { path: string }) => {
      const entry = findEntry(tree, args.path);
      return entry && args.path
        ? makeEntryNode(context, args.path, entry)
        : null;
    },
    parents: (args: ConnectionArguments) => {
      const parents = commit.parents.flatMap(each => git.getCommit(each) ?? []);
      return connect('parents', [...parents.entries()], args, options);
    },
    // Counted from the first commit on, so that a cursor stays when others follow.
    history: (
      args: ConnectionArguments & {
        author?: object | null;
        path?: string | null;
        since?: string | null;
        until?: string | null;
      },
    ) => {
      refuseArguments('history', args, ['author', 'since', 'until']);
      const commits = [...git.listCommits(undefined, oid).entries()].filter(
        ([, each]) => !args.path || isTouched(repository, each, args.path),
      );
      const isDescending = true;
      return connect('history', commits, args, { ...options, isDescending });
    },
  };
}

function abbreviate(oid: string): string {
  return oid.slice(0, 7);
}

function isTouched(
  { git }: GithubRepository,
  { parents, tree }: GitCommit,
  path: string,
): boolean {
  const before = git.getCommit(parents[0])?.tree;
  const old = before && findEntry(before, path);
  return old?.oid !== findEntry(tree, path)?.oid;
}

function makeEntryNode(
  context: GitContext,
  path: string,
  entry: GitBlob | GitTree,
) {
  const name = path.split('/').pop() ?? '';
  const extension = /\.[^.]+$/.exec(name)?.[0];
  const isFile = entry.type === 'blob';
  return {
    __typename: 'TreeEntry',
    name,
    path,
    type: entry.type,
    mode: isFile ? 0o100644 : 0o040000,
    oid: entry.oid,
    size: isFile ? entry.content.length : 0,
    extension: (isFile && extension) || '',
    isGenerated: false,
    submodule: null,
    repository: context.makeRepository,
    object: () => makeGitNode(context, entry, path),
  };
}
