import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, notFound } from '../ApiError';
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

/** What is answered: 200 unless another status is given, bytes as they are and everything else as JSON. */
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

/**
 * Finds the first route that fits.
 *
 * @param path - encoded, below `/api/v3`
 */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    const match =
      route.method === method ? compilePattern(route.pattern).exec(path) : null;
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
  { url }: RestCall,
  things: readonly T[],
  sizes: { usual: number; most: number } = { usual: 30, most: 100 },
): { page: T[]; headers: Record<string, string> } {
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
        withQuery(url, { page: String(number) }),
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

export function withQuery(url: URL, query: Record<string, string>): string {
  const changed = new URL(url);
  Object.entries(query).forEach(([name, value]) =>
    changed.searchParams.set(name, value),
  );
  return changed.href;
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
