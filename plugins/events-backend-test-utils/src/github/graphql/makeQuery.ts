import { parseNodeId } from '../model/nodeIds';
import type { GithubAccount } from '../model/records';
import { renderTime } from '../model/renderRepository';
import type { RateLimit } from '../RateLimits';
import { canSee } from '../viewers';
import { couldNotResolve, makeError } from './errors';
import type { QueryCost } from './estimateCost';
import { makeGitNode, makeRefNode } from './gitNodes';
import {
  findRepositoryNode,
  makeGitContext,
  makeOwnerNode,
  makeRepositoryNode,
  type GraphqlContext,
} from './nodes';

/** Not documented, but said in the error. */
const maxIds = 100;

/** The root of every query. */
export function makeQuery(
  context: GraphqlContext,
  rate: RateLimit,
  { cost, nodeCount }: QueryCost,
) {
  const { state } = context.github;
  const findOwner = (login: string, type: GithubAccount['type']) => {
    const account = state.findAccount(login);
    if (account?.type !== type) {
      const article = type === 'User' ? 'a' : 'an';
      throw couldNotResolve(`${article} ${type} with the login of '${login}'`);
    }
    return makeOwnerNode(context, account);
  };
  // An error in a list is told of its place, and the others are answered.
  const getNode = (id: string) =>
    findNode(context, id) ??
    couldNotResolve(`a node with the global id of '${id}'`);
  return {
    node: ({ id }: { id: string }) => getNode(id),
    nodes: ({ ids }: { ids: string[] }) => {
      if (ids.length > maxIds) {
        throw makeError(
          'ARGUMENT_LIMIT',
          `You may not provide more than ${maxIds} node ids; you provided ${ids.length}.`,
        );
      }
      return ids.map(getNode);
    },
    organization: ({ login }: { login: string }) =>
      findOwner(login, 'Organization'),
    user: ({ login }: { login: string }) => findOwner(login, 'User'),
    // Unlike the two above, GitHub answers this with null alone.
    repositoryOwner: ({ login }: { login: string }) => {
      const account = state.findAccount(login);
      return account ? makeOwnerNode(context, account) : null;
    },
    repository: (args: {
      owner: string;
      name: string;
      followRenames?: boolean | null;
    }) =>
      findRepositoryNode(
        context,
        `${args.owner}/${args.name}`,
        args.followRenames,
      ),
    rateLimit: () => ({
      cost,
      nodeCount,
      limit: rate.limit,
      remaining: rate.remaining,
      used: rate.used,
      resetAt: renderTime(rate.resetMs),
    }),
    viewer: () => makeViewerNode(context),
  };
}

function findNode(
  context: GraphqlContext,
  nodeId: string,
): object | null | undefined {
  const { github, viewer } = context;
  const { type, id, part = '' } = parseNodeId(nodeId) ?? {};
  if (type === undefined || id === undefined) {
    return undefined;
  }
  if (type === 'Organization' || type === 'User') {
    const account = github.state.findAccountById(id);
    return account?.type === type ? makeOwnerNode(context, account) : undefined;
  }
  const repository = github.state.findRepositoryById(id);
  if (!repository || !canSee(viewer, repository, github.state)) {
    return undefined;
  }
  const branch = part.replace('refs/heads/', '');
  const object = repository.git.get(part);
  switch (type) {
    case 'Repository':
      return makeRepositoryNode(context, repository);
    case 'Ref':
      return repository.git.branches.has(branch)
        ? makeRefNode(makeGitContext(context, repository), branch)
        : undefined;
    default:
      return object && makeGitNode(makeGitContext(context, repository), object);
  }
}

/** Apps are bots, with a login that no person can have. */
function makeViewerNode(context: GraphqlContext): object {
  const { viewer } = context;
  if (viewer.kind === 'user') {
    return makeOwnerNode(context, viewer.account);
  }
  if (viewer.kind !== 'installation') {
    throw couldNotResolve('a viewer');
  }
  const { id, slug, name, createdMs } = viewer.app;
  const login = `${slug}[bot]`;
  return {
    ...makeOwnerNode(context, { type: 'User', id, login, name, createdMs }),
    isViewer: true,
  };
}
