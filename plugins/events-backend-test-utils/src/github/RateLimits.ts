import { ApiError } from './ApiError';
import { nameViewer, type Viewer } from './viewers';

/**
 * What is counted against a limit of its own: requests to REST, and points of GraphQL.
 *
 * @public
 */
export type GithubResource = 'core' | 'graphql';

/** How much of a limit is left. */
export interface RateLimit {
  resource: GithubResource;
  limit: number;
  used: number;
  remaining: number;
  resetMs: number;
}

const windowMs = 3_600_000;
const anonymousLimit = 60;

/**
 * What GraphQL calls it when nothing is left: the one that GitHub documents, or the one that it has been seen to send
 * since.
 *
 * @see https://github.com/octokit/plugin-throttling.js/pull/848
 *
 * @public
 */
export type GithubLimitErrorType = 'RATE_LIMITED' | 'RATE_LIMIT';

/** Nothing is left of a limit. */
export class RateLimitError extends ApiError {
  readonly type: GithubLimitErrorType;

  constructor(viewer: Viewer, type: GithubLimitErrorType) {
    const exceeded = type === 'RATE_LIMIT' ? 'already exceeded' : 'exceeded';
    super(403, `API rate limit ${exceeded} for ${nameViewer(viewer)}.`, {
      fields: {
        documentation_url:
          'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api',
      },
    });
    this.name = 'RateLimitError';
    this.type = type;
  }
}

/** Counts what each viewer uses within an hour. */
export class RateLimits {
  readonly #now: () => number;
  readonly #limits: Record<GithubResource, number>;
  readonly #windows = new Map<string, { used: number; resetMs: number }>();
  readonly #usedUp = new Map<GithubResource, number>();
  #errorType: GithubLimitErrorType = 'RATE_LIMITED';

  constructor(
    now: () => number,
    limits: Partial<Record<GithubResource, number>> = {},
  ) {
    this.#now = now;
    this.#limits = { core: 5000, graphql: 5000, ...limits };
  }

  /** Uses up everybody's limit, until an hour from now. */
  useUp(resource: GithubResource, errorType: GithubLimitErrorType): void {
    this.#errorType = errorType;
    this.#usedUp.set(resource, this.#now() + windowMs);
  }

  /** Begins a new hour for everybody. */
  reset(): void {
    this.#usedUp.clear();
    this.#windows.clear();
  }

  read(viewer: Viewer, resource: GithubResource): RateLimit {
    const limit =
      viewer.kind === 'anonymous' ? anonymousLimit : this.#limits[resource];
    const usedUpMs = this.#usedUp.get(resource) ?? 0;
    if (usedUpMs > this.#now()) {
      return { resource, limit, used: limit, remaining: 0, resetMs: usedUpMs };
    }
    const { used, resetMs } = this.#window(viewer, resource);
    const remaining = Math.max(0, limit - used);
    return { resource, limit, used, remaining, resetMs };
  }

  /** @throws RateLimitError if nothing is left */
  check(viewer: Viewer, resource: GithubResource): void {
    if (this.read(viewer, resource).remaining === 0) {
      throw new RateLimitError(viewer, this.#errorType);
    }
  }

  /**
   * Uses some of what is left; what needs more than that is allowed.
   *
   * @throws RateLimitError if nothing is left
   */
  take(viewer: Viewer, resource: GithubResource, cost: number): RateLimit {
    this.check(viewer, resource);
    this.#window(viewer, resource).used += cost;
    return this.read(viewer, resource);
  }

  #window(viewer: Viewer, resource: GithubResource) {
    const key = `${resource} ${nameViewer(viewer)}`;
    const window = this.#windows.get(key);
    if (window && window.resetMs > this.#now()) {
      return window;
    }
    const begun = { used: 0, resetMs: this.#now() + windowMs };
    this.#windows.set(key, begun);
    return begun;
  }
}

/** @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit */
export function renderRateLimitHeaders(
  rate: RateLimit,
): Record<string, string> {
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(rate.remaining),
    'x-ratelimit-reset': String(Math.ceil(rate.resetMs / 1000)),
    'x-ratelimit-used': String(rate.used),
    'x-ratelimit-resource': rate.resource,
  };
}
