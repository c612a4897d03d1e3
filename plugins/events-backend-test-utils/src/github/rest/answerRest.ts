import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../ApiError';
import type { GithubParts } from '../parts';
import type { Viewer } from '../viewers';
import { appRoutes } from './apps';
import { commitRoutes } from './commits';
import { contentRoutes } from './contents';
import { deliveryRoutes } from './deliveries';
import { hookRoutes } from './hooks';
import { rateLimitRoute } from './rateLimit';
import { repositoryRoutes } from './repositories';
import { compileRoutes, findRoute, nameParts, type RestAnswer } from './router';

const routes = compileRoutes([
  rateLimitRoute,
  ...appRoutes,
  ...hookRoutes,
  ...deliveryRoutes,
  ...repositoryRoutes,
  ...contentRoutes,
  ...commitRoutes,
]);

/** A request to the REST API for which there is an answer. */
export interface MatchedRest {
  /** Such as `GET /repos/:owner/:repo`. */
  kind: string;
  isFree: boolean;
  answer(viewer: Viewer): RestAnswer;
}

/**
 * Finds what answers a request.
 *
 * @param options.path - encoded, below `/api/v3`; owners and repositories may be named by their numbers, as GitHub's links do
 */
export function matchRest(
  github: GithubParts,
  options: {
    method: string;
    path: string;
    url: URL;
    headers: IncomingHttpHeaders;
    body: Buffer;
  },
): MatchedRest | undefined {
  const { method, url, headers, body } = options;
  const path = nameParts(options.path, github.state);
  const found = findRoute(routes, method, path);
  if (!found) {
    return undefined;
  }
  const { route, params } = found;
  return {
    kind: `${method} ${route.pattern}`,
    isFree: route === rateLimitRoute,
    answer: viewer =>
      route.answer({
        github,
        viewer,
        method,
        url,
        params,
        headers,
        body: parseBody(body),
      }),
  };
}

function parseBody(body: Buffer): Record<string, unknown> {
  if (body.length === 0) {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return { ...(typeof parsed === 'object' ? parsed : undefined) };
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
}
