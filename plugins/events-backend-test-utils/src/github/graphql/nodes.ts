import { makeNodeId } from '../model/nodeIds';
import type { GithubAccount, GithubRepository } from '../model/records';
import { renderTime } from '../model/renderRepository';
import type { GithubParts } from '../parts';
import { canSee, type Viewer } from '../viewers';
import { connect, type ConnectionArguments, type SortKey } from './connect';
import { couldNotResolve, refuseArguments } from './errors';
import { makeGitNode, makeRefNode, type GitContext } from './gitNodes';

/** What a query is answered from. */
export interface GraphqlContext {
  github: GithubParts;
  viewer: Viewer;
}

interface RepositoriesArguments extends ConnectionArguments {
  affiliations?: readonly string[] | null;
  hasIssuesEnabled?: boolean | null;
  isArchived?: boolean | null;
  isFork?: boolean | null;
  isLocked?: boolean | null;
  privacy?: 'PUBLIC' | 'PRIVATE' | null;
  visibility?: 'PUBLIC' | 'PRIVATE' | 'INTERNAL' | null;
  orderBy?: { field: string; direction: 'ASC' | 'DESC' } | null;
  ownerAffiliations?: readonly string[] | null;
}

/**
 * Finds a repository that the viewer may see.
 *
 * @param followRenames - takes a former name too
 *
 * @throws GraphQLError NOT_FOUND
 */
export function findRepositoryNode(
  context: GraphqlContext,
  fullName: string,
  followRenames: boolean | null = true,
): object {
  const { state } = context.github;
  const repository =
    state.findRepository(fullName) ??
    (followRenames ? state.findRenamed(fullName) : undefined);
  if (!repository || !canSee(context.viewer, repository, state)) {
    throw couldNotResolve(`a Repository with the name '${fullName}'`);
  }
  return makeRepositoryNode(context, repository);
}

/** An organization or a user. */
export function makeOwnerNode(
  context: GraphqlContext,
  account: GithubAccount,
): object {
  const { id, login, name, type, createdMs } = account;
  const { state } = context.github;
  const createdAt = () => renderTime(createdMs);
  // One literal for both types, because a spread would cost a hundred times as much; the schema tells which has what.
  return {
    __typename: type,
    id: () => makeNodeId(type, id),
    databaseId: id,
    login,
    name,
    email: type === 'Organization' ? null : '',
    url: `${state.urls.web}/${login}`,
    resourcePath: `/${login}`,
    avatarUrl: `${state.urls.web}/avatars/u/${id}?v=4`,
    createdAt,
    updatedAt: createdAt,
    repository: (args: { name: string; followRenames?: boolean | null }) =>
      findRepositoryNode(context, `${login}/${args.name}`, args.followRenames),
    repositories: (args: RepositoriesArguments) =>
      connectRepositories(context, account, args),
    description: null,
    isVerified: false,
    bio: null,
    company: null,
    isViewer:
      context.viewer.kind === 'user' && context.viewer.account.id === id,
  };
}

/** What leads from a repository to what git keeps of it, and back. */
export function makeGitContext(
  context: GraphqlContext,
  repository: GithubRepository,
): GitContext {
  return {
    state: context.github.state,
    repository,
    makeRepository: () => makeRepositoryNode(context, repository),
    makeAccount: account => makeOwnerNode(context, account),
  };
}

export function makeRepositoryNode(
  context: GraphqlContext,
  repository: GithubRepository,
): object {
  const { id, name, git, defaultBranch, visibility } = repository;
  const { state } = context.github;
  const owner = state.getAccount(repository.ownerId);
  const path = `/${owner.login}/${name}`;
  const gitContext = makeGitContext(context, repository);
  const findRef = (branch: string) =>
    git.branches.has(branch) ? makeRefNode(gitContext, branch) : null;
  return {
    __typename: 'Repository',
    id: repository.nodeId,
    databaseId: id,
    name,
    nameWithOwner: `${owner.login}/${name}`,
    url: `${state.urls.web}${path}`,
    resourcePath: path,
    sshUrl: () =>
      `git@${new URL(state.urls.web).hostname}:${path.slice(1)}.git`,
    description: repository.description,
    homepageUrl: repository.homepage,
    isArchived: repository.isArchived,
    isFork: repository.isFork,
    isEmpty: git.branches.size === 0,
    isDisabled: false,
    isLocked: false,
    isMirror: false,
    isTemplate: false,
    isPrivate: visibility !== 'public',
    isInOrganization: owner.type === 'Organization',
    visibility: visibility.toUpperCase(),
    createdAt: () => renderTime(repository.createdMs),
    updatedAt: () => renderTime(repository.updatedMs),
    pushedAt: () => renderTime(repository.pushedMs),
    diskUsage: 0,
    forkCount: 0,
    stargazerCount: 0,
    primaryLanguage: null,
    licenseInfo: null,
    parent: null,
    owner: () => makeOwnerNode(context, owner),
    defaultBranchRef: () => findRef(defaultBranch),
    ref: ({ qualifiedName }: { qualifiedName: string }) =>
      findRef(qualifiedName.replace(/^(refs\/)?heads\//, '')),
    refs: ({
      refPrefix,
      ...args
    }: ConnectionArguments & {
      refPrefix: string;
      direction?: string | null;
      orderBy?: object | null;
      query?: string | null;
    }) => {
      refuseArguments('refs', args, ['direction', 'orderBy', 'query']);
      return connect(
        'refs',
        refPrefix === 'refs/heads/' ? [...git.branches.keys()] : [],
        args,
        {
          keyOf: branch => [branch],
          makeNode: branch => makeRefNode(gitContext, branch),
        },
      );
    },
    object: (args: { expression?: string | null; oid?: string | null }) => {
      const { oid, expression } = args;
      const object = oid
        ? git.get(oid)
        : git.findObject(expression ?? 'HEAD', defaultBranch);
      const [, folder] = /:(.*?)\/?$/.exec(expression ?? '') ?? [];
      return object ? makeGitNode(gitContext, object, folder) : null;
    },
    repositoryTopics: (args: ConnectionArguments) =>
      connect('repositoryTopics', [...repository.topics.entries()], args, {
        keyOf: ([index]) => [index],
        makeNode: ([, topic]) => makeTopicNode(context, id, topic),
      }),
  };
}

function makeTopicNode(
  { github: { state } }: GraphqlContext,
  repositoryId: number,
  topic: string,
) {
  const resourcePath = `/topics/${topic}`;
  return {
    __typename: 'RepositoryTopic',
    id: () => makeNodeId('RepositoryTopic', repositoryId, topic),
    resourcePath,
    url: `${state.urls.web}${resourcePath}`,
    topic: {
      __typename: 'Topic',
      id: () => makeNodeId('Topic', 0, topic),
      name: topic,
      stargazerCount: 0,
      viewerHasStarred: false,
    },
  };
}

function connectRepositories(
  context: GraphqlContext,
  owner: GithubAccount,
  args: RepositoriesArguments,
) {
  const { github, viewer } = context;
  const { isArchived, isFork, isLocked, privacy, visibility, orderBy } = args;
  refuseArguments('repositories', args, ['affiliations']);
  // Nobody collaborates here, so whoever does not own a repository has nothing to do with it.
  const isOwner = args.ownerAffiliations?.includes('OWNER') ?? true;
  const owned = isOwner ? github.state.listRepositories(owner.id) : [];
  const repositories = owned
    .filter(each => canSee(viewer, each, github.state))
    .filter(
      each =>
        isOrUnasked(each.isArchived, isArchived) &&
        isOrUnasked(each.isFork, isFork) &&
        isOrUnasked(false, isLocked) &&
        isOrUnasked(true, args.hasIssuesEnabled) &&
        isOrUnasked(
          each.visibility === 'public' ? 'PUBLIC' : 'PRIVATE',
          privacy,
        ) &&
        isOrUnasked(each.visibility.toUpperCase(), visibility),
    );
  return connect('repositories', repositories, args, {
    keyOf: each => [...sortKeyOf(each, orderBy?.field), each.id],
    isDescending: orderBy?.direction === 'DESC',
    makeNode: each => makeRepositoryNode(context, each),
  });
}

/** An argument that is not given, or null, asks for all. */
function isOrUnasked<T>(value: T, asked: T | null | undefined): boolean {
  return asked === undefined || asked === null || value === asked;
}

function sortKeyOf(repository: GithubRepository, field = ''): SortKey {
  switch (field) {
    case 'CREATED_AT':
      return [repository.createdMs];
    case 'UPDATED_AT':
      return [repository.updatedMs];
    case 'PUSHED_AT':
      return [repository.pushedMs];
    case 'NAME':
      return [repository.name.toLowerCase()];
    default:
      return [];
  }
}
