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
    answer: call => ({ body: renderFull(call, getRepository(call)) }),
  },
  {
    method: 'GET',
    pattern: '/orgs/:login',
    answer: call => ({
      body: {
        ...renderOrganization(getOwner(call, 'Organization'), urlsOf(call)),
        ...renderProfile(call, getOwner(call, 'Organization')),
        has_organization_projects: true,
        has_repository_projects: true,
        archived_at: null,
      },
    }),
  },
  {
    method: 'GET',
    pattern: '/orgs/:login/repos',
    answer: call => {
      const { id } = getOwner(call, 'Organization');
      return answerList(call, listVisible(call, id), 'created');
    },
  },
  {
    method: 'GET',
    pattern: '/users/:login',
    answer: call => ({
      body: {
        ...renderUser(getOwner(call), urlsOf(call)),
        ...renderProfile(call, getOwner(call)),
        hireable: null,
        bio: null,
      },
    }),
  },
  {
    method: 'GET',
    pattern: '/users/:login/repos',
    answer: call => {
      const owned = listVisible(call, getOwner(call).id);
      const shown = owned.filter(each => each.visibility === 'public');
      return answerList(call, shown, 'full_name');
    },
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
  };
}

/** A repository as nothing but its own page shows it. */
function renderFull(call: RestCall, repository: GithubRepository) {
  const { state } = call.github;
  const owner = state.getAccount(repository.ownerId);
  return {
    ...renderOne(call, repository),
    subscribers_count: 0,
    network_count: 0,
    ...(owner.type === 'Organization' && {
      organization: renderUser(owner, state.urls),
    }),
  };
}

function listVisible(
  { github: { state }, viewer }: RestCall,
  ownerId: number,
): GithubRepository[] {
  return state
    .listRepositories(ownerId)
    .filter(repository => canSee(viewer, repository, state));
}

function answerList(
  call: RestCall,
  listed: readonly GithubRepository[],
  usualSort: string,
): RestAnswer {
  const query = call.url.searchParams;
  const sort = query.get('sort') ?? usualSort;
  const type = query.get('type') ?? 'all';
  const direction =
    query.get('direction') ?? (sort === 'full_name' ? 'asc' : 'desc');
  const repositories = listed
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
    // Nobody is a member of what another owns.
    case 'member':
      return false;
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

function renderProfile(call: RestCall, account: GithubAccount) {
  const { state } = call.github;
  const repositories = listVisible(call, account.id);
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
