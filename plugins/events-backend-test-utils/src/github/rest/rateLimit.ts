import type { RateLimit } from '../RateLimits';
import type { Route } from './router';

/** What is left of the limits; asking for it costs nothing. */
export const rateLimitRoute: Route = {
  method: 'GET',
  pattern: '/rate_limit',
  answer({ github: { rateLimits }, viewer }) {
    const core = render(rateLimits.read(viewer, 'core'));
    const graphql = render(rateLimits.read(viewer, 'graphql'));
    return { body: { resources: { core, graphql }, rate: core } };
  },
};

function render({ limit, used, remaining, resetMs }: RateLimit) {
  return { limit, used, remaining, reset: Math.ceil(resetMs / 1000) };
}
