import type { GithubState } from '../model/GithubState';
import {
  compareTrees,
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
    id: makeNodeId('Ref', id, `refs/heads/${branch}`),
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
  const { state, repository } = context;
  const { oid } = object;
  const path = `/${state.fullNameOf(repository)}/commit/${oid}`;
  const common = {
    oid,
    abbreviatedOid: oid.slice(0, 7),
    commitResourcePath: path,
    commitUrl: `${state.urls.web}${path}`,
    repository: context.makeRepository,
  };
  switch (object.type) {
    case 'blob':
      return {
        ...common,
        __typename: 'Blob',
        id: makeNodeId('Blob', repository.id, oid),
        ...renderText(object),
      };
    case 'tree':
      return {
        ...common,
        __typename: 'Tree',
        id: makeNodeId('Tree', repository.id, oid),
        entries: () =>
          [...object.entries].map(([name, entry]) =>
            makeEntryNode(context, folder ? `${folder}/${name}` : name, entry),
          ),
      };
    default:
      return {
        ...common,
        __typename: 'Commit',
        id: makeNodeId('Commit', repository.id, oid),
        resourcePath: path,
        url: `${state.urls.web}${path}`,
        ...makeCommitFields(context, object),
      };
  }
}

function makeCommitFields(context: GitContext, commit: GitCommit) {
  const { repository, state } = context;
  const { git } = repository;
  const { author, message, seconds, tree, oid } = commit;
  const [headline, ...body] = message.split('\n');
  const date = renderTime(seconds * 1000);
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
    message,
    messageHeadline: headline,
    messageBody: body.join('\n').trim(),
    authoredDate: date,
    committedDate: date,
    pushedDate: null,
    author: person,
    committer: person,
    tree: () => makeGitNode(context, tree),
    file: ({ path }: { path: string }) => {
      const entry = findEntry(tree, path);
      return entry && path ? makeEntryNode(context, path, entry) : null;
    },
    parents: (args: ConnectionArguments) => {
      const parents = commit.parents.flatMap(each => git.getCommit(each) ?? []);
      return connect('parents', [...parents.entries()], args, options);
    },
    // Counted from the first commit on, so that a cursor stays when others follow.
    history: (args: ConnectionArguments & { path?: string | null }) => {
      const commits = [...git.listCommits(undefined, oid).entries()].filter(
        ([, each]) => !args.path || isTouched(repository, each, args.path),
      );
      const isDescending = true;
      return connect('history', commits, args, { ...options, isDescending });
    },
  };
}

function isTouched(
  { git }: GithubRepository,
  { parents, tree }: GitCommit,
  path: string,
): boolean {
  const changes = compareTrees(git.getCommit(parents[0])?.tree, tree);
  return Object.values(changes)
    .flat()
    .some((each: string) => each === path || each.startsWith(`${path}/`));
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

function renderText({ content }: GitBlob) {
  const isBinary = content.subarray(0, 8000).includes(0);
  return {
    byteSize: content.length,
    isBinary,
    isTruncated: content.length > maxTextBytes,
    text: isBinary ? null : content.subarray(0, maxTextBytes).toString(),
  };
}
