import { notFound } from '../ApiError';
import type { GithubAccount, GithubRepository } from '../model/records';
import { renderOrganization, renderUser } from '../model/renderAccount';
import { renderRepository, renderTime } from '../model/renderRepository';
import { canSee } from '../viewers';
import {
  getRepository,
  paginate,
  type RestAnswer,
  type RestCall,
  type Route,
} from './router';

/** Repositories, and the accounts that own them. */
export const repositoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo',
    answer: call => ({ body: renderOne(call, getRepository(call)) }),
  },
  {
    method: 'GET',
    pattern: '/orgs/:login',
    answer: call => ({
      body: {
        ...renderOrganization(getOwner(call, 'Organization'), urlsOf(call)),
        ...renderProfile(call, getOwner(call, 'Organization')),
      },
    }),
  },
  {
    method: 'GET',
    pattern: '/orgs/:login/repos',
    answer: call =>
      listRepositories(call, getOwner(call, 'Organization'), 'created'),
  },
  {
    method: 'GET',
    pattern: '/users/:login',
    answer: call => ({
      body: {
        ...renderUser(getOwner(call), urlsOf(call)),
        ...renderProfile(call, getOwner(call)),
      },
    }),
  },
  {
    method: 'GET',
    pattern: '/users/:login/repos',
    answer: call => listRepositories(call, getOwner(call), 'full_name'),
  },
];

/** A repository, and what the viewer may do with it. */
export function renderOne(
  { github: { state }, viewer }: RestCall,
  repository: GithubRepository,
) {
  const owner = state.getAccount(repository.ownerId);
  const isUser = viewer.kind === 'user';
  return {
    ...renderRepository(repository, owner, state.urls),
    permissions: {
      admin: isUser,
      maintain: isUser,
      push: isUser,
      triage: isUser,
      pull: true,
    },
    ...(owner.type === 'Organization' && {
      organization: renderUser(owner, state.urls),
    }),
  };
}

function listRepositories(
  call: RestCall,
  owner: GithubAccount,
  usualSort: string,
): RestAnswer {
  const { state } = call.github;
  const query = call.url.searchParams;
  const sort = query.get('sort') ?? usualSort;
  const type = query.get('type') ?? 'all';
  const direction =
    query.get('direction') ?? (sort === 'full_name' ? 'asc' : 'desc');
  const repositories = state
    .listRepositories(owner.id)
    .filter(repository => canSee(call.viewer, repository, state))
    .filter(repository => isOfType(repository, type))
    .sort((a, b) => compareBy(sort, a, b));
  const { page, headers } = paginate(
    call,
    direction === 'desc' ? repositories.reverse() : repositories,
  );
  return { body: page.map(each => renderOne(call, each)), headers };
}

function isOfType(repository: GithubRepository, type: string): boolean {
  switch (type) {
    case 'public':
    case 'private':
    case 'internal':
      return repository.visibility === type;
    case 'forks':
      return repository.isFork;
    case 'sources':
      return !repository.isFork;
    default:
      return true;
  }
}

function compareBy(
  sort: string,
  a: GithubRepository,
  b: GithubRepository,
): number {
  switch (sort) {
    case 'full_name':
      return a.name.toLowerCase().localeCompare(b.name.toLowerCase());
    case 'updated':
      return a.updatedMs - b.updatedMs || a.id - b.id;
    case 'pushed':
      return a.pushedMs - b.pushedMs || a.id - b.id;
    default:
      return a.createdMs - b.createdMs || a.id - b.id;
  }
}

function getOwner(
  { github: { state }, params: { login } }: RestCall,
  type?: GithubAccount['type'],
): GithubAccount {
  const account = state.findAccount(login);
  if (!account || (type && account.type !== type)) {
    throw notFound();
  }
  return account;
}

function renderProfile(
  { github: { state }, viewer }: RestCall,
  account: GithubAccount,
) {
  const repositories = state
    .listRepositories(account.id)
    .filter(repository => canSee(viewer, repository, state));
  return {
    name: account.name,
    company: null,
    blog: '',
    location: null,
    email: null,
    public_repos: repositories.filter(each => each.visibility === 'public')
      .length,
    public_gists: 0,
    followers: 0,
    following: 0,
    html_url: `${state.urls.web}/${account.login}`,
    type: account.type,
    created_at: renderTime(account.createdMs),
    updated_at: renderTime(account.createdMs),
  };
}

function urlsOf({ github: { state } }: RestCall) {
  return state.urls;
}
