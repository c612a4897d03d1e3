import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, notFound } from '../ApiError';
import type { GithubState } from '../model/GithubState';
import type { GithubRepository } from '../model/records';
import type { GithubParts } from '../parts';
import { canSee, type Viewer } from '../viewers';

/** A request to the REST API. */
export interface RestCall {
  github: GithubParts;
  viewer: Viewer;
  method: string;
  /** Whole, as it was asked for. */
  url: URL;
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** What is answered: 200 unless another status is given, bytes as they are, nothing, and everything else as JSON. */
export interface RestAnswer {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** What answers requests whose paths match: `:name` is one part of a path, `*name` one or more. */
export interface Route {
  method: 'GET' | 'POST';
  pattern: string;
  answer(call: RestCall): RestAnswer;
}

/** A route, and what its pattern matches. */
export interface CompiledRoute {
  route: Route;
  expression: RegExp;
}

export function compileRoutes(
  routes: readonly Route[],
): readonly CompiledRoute[] {
  return routes.map(route => ({
    route,
    expression: compilePattern(route.pattern),
  }));
}

/**
 * Finds the first route that fits.
 *
 * @param path - encoded, below `/api/v3`
 */
export function findRoute(
  routes: readonly CompiledRoute[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const { route, expression } of routes) {
    const match = route.method === method ? expression.exec(path) : null;
    if (match) {
      const params = Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, value]) => [
          name,
          decode(value),
        ]),
      );
      return { route, params };
    }
  }
  return undefined;
}

/**
 * Finds the repository that a path names.
 *
 * @throws ApiError 404 if there is none, or the viewer may not see it; 301 if it has another name now
 */
export function getRepository({
  github: { state },
  viewer,
  method,
  url,
  params: { owner, repo },
}: RestCall): GithubRepository {
  const fullName = `${owner}/${repo}`;
  const found = state.findRepository(fullName);
  const repository = found ?? state.findRenamed(fullName);
  if (!repository || !canSee(viewer, repository, state)) {
    throw notFound();
  }
  if (!found) {
    const rest = url.pathname.split('/').slice(6).join('/');
    const location = `${state.urls.api}/repositories/${repository.id}${
      rest && `/${rest}`
    }${url.search}`;
    throw new ApiError(
      method === 'GET' ? 301 : 307,
      method === 'GET' ? 'Moved Permanently' : 'Temporary Redirect',
      { headers: { location }, fields: { url: location } },
    );
  }
  return repository;
}

/**
 * Cuts a page out of a list, by `page` and `per_page`.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
 */
export function paginate<T>(
  call: RestCall,
  things: readonly T[],
  sizes: { usual: number; most: number } = { usual: 30, most: 100 },
): { page: T[]; headers: Record<string, string> } {
  const { url } = call;
  const page = readNumber(url, 'page', 1);
  const size = Math.min(
    readNumber(url, 'per_page', sizes.usual) || sizes.usual,
    sizes.most,
  );
  const last = Math.max(1, Math.ceil(things.length / size));
  const links = {
    ...(page > 1 && { prev: page - 1, first: 1 }),
    ...(page < last && { next: page + 1, last }),
  };
  return {
    page: things.slice((page - 1) * size, page * size),
    headers: renderLinks(
      Object.entries(links).map(([rel, number]) => [
        rel,
        linkTo(call, { page: String(number) }),
      ]),
    ),
  };
}

/** Makes the header `Link`, or nothing without links. */
export function renderLinks(
  links: [rel: string, url: string][],
): Record<string, string> {
  const link = links.map(([rel, url]) => `<${url}>; rel="${rel}"`).join(', ');
  return link ? { link } : {};
}

/**
 * Makes the URL of another page. As GitHub's, it names owners and repositories by their numbers, so that it leads to the
 * same place when they have other names.
 */
export function linkTo(
  { github: { state }, url, params }: RestCall,
  query: Record<string, string>,
): string {
  const { login = '', owner, repo } = params;
  const account = state.findAccount(login);
  const repository = state.findRepository(`${owner}/${repo}`);
  const link = new URL(url);
  link.pathname = link.pathname
    .replace(/\/orgs\/[^/]+/, whole =>
      account ? `/organizations/${account.id}` : whole,
    )
    .replace(/\/users\/[^/]+/, whole =>
      account ? `/user/${account.id}` : whole,
    )
    .replace(/\/repos\/[^/]+\/[^/]+/, whole =>
      repository ? `/repositories/${repository.id}` : whole,
    );
  Object.entries(query).forEach(([name, value]) =>
    link.searchParams.set(name, value),
  );
  return link.href;
}

/** Names what a path gives the numbers of: `/repositories/:id`, `/organizations/:id` and `/user/:id`. */
export function nameParts(path: string, state: GithubState): string {
  const match = /^\/(repositories|organizations|user)\/(\d+)(.*)$/.exec(path);
  if (!match) {
    return path;
  }
  const [, kind, number, rest] = match;
  if (kind === 'repositories') {
    const repository = state.findRepositoryById(Number(number));
    return repository ? `/repos/${state.fullNameOf(repository)}${rest}` : path;
  }
  const account = state.findAccountById(Number(number));
  const folder = kind === 'user' ? 'users' : 'orgs';
  return account ? `/${folder}/${account.login}${rest}` : path;
}

function readNumber(url: URL, name: string, otherwise: number): number {
  const value = Number(url.searchParams.get(name) ?? otherwise);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
}

/** What is not well encoded is taken as it is. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function compilePattern(pattern: string): RegExp {
  const source = pattern
    .replace(/\./g, '\\.')
    .replace(/:(\w+)/g, '(?<$1>[^/]+)')
    .replace(/\*(\w+)/g, '(?<$1>.+)');
  return new RegExp(`^${source}/?$`);
}
