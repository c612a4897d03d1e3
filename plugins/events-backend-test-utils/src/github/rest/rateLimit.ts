import type { RateLimit } from '../RateLimits';
import type { Route } from './router';

/** Nothing can be searched for here, so nothing is used of this limit. */
const searchLimit = 30;

/** What is left of the limits; asking for it costs nothing. */
export const rateLimitRoute: Route = {
  method: 'GET',
  pattern: '/rate_limit',
  answer({ github: { rateLimits }, viewer }) {
    const core = render(rateLimits.read(viewer, 'core'));
    const graphql = render(rateLimits.read(viewer, 'graphql'));
    const search = {
      ...core,
      limit: searchLimit,
      used: 0,
      remaining: searchLimit,
    };
    return { body: { resources: { core, search, graphql }, rate: core } };
  },
};

function render({ limit, used, remaining, resetMs }: RateLimit) {
  return { limit, used, remaining, reset: Math.ceil(resetMs / 1000) };
}
