import { ApiError } from './ApiError';
import type { GithubResource, RateLimits } from './RateLimits';
import type {
  GithubWebhookFaults,
  WebhookSender,
} from './webhooks/WebhookSender';

/**
 * A request as faults see it.
 *
 * @public
 */
export interface GithubRequestInfo {
  method: string;
  /** Without the query, such as `/api/v3/repos/acme/site`. */
  path: string;
  /** Of GraphQL: the query and its variables. */
  body: string;
}

/**
 * How a request fails: with a page of 502, without any answer, or with an answer that ends in its middle.
 *
 * @public
 */
export type GithubFailure = 'bad gateway' | 'timeout' | 'cut';

interface PlannedFailure {
  failure: GithubFailure;
  left: number;
  matches: (request: GithubRequestInfo) => boolean;
}

/**
 * Makes this GitHub fail as the real one does at times.
 *
 * @public
 */
export class GithubFaults {
  readonly #sender: WebhookSender;
  readonly #rateLimits: RateLimits;
  #failures: PlannedFailure[] = [];
  #secondary = { left: 0, retryAfterSeconds: 60 };
  #isOut = false;

  /** @internal */
  constructor(sender: WebhookSender, rateLimits: RateLimits) {
    this.#sender = sender;
    this.#rateLimits = rateLimits;
  }

  /** Disturbs the webhooks from now on; what is not given does not happen any more. */
  disturbWebhooks(faults: GithubWebhookFaults): void {
    this.#sender.setFaults(faults);
  }

  /** Sends the webhooks that were gathered to be shuffled. */
  releaseWebhooks(): void {
    this.#sender.release();
  }

  /** Uses up the primary rate limit of everybody, for an hour. */
  useUpRateLimit(resource: GithubResource = 'core'): void {
    this.#rateLimits.useUp(resource);
  }

  /** Refuses the next requests with 403 and Retry-After. */
  limitSecondary(requests: number, retryAfterSeconds: number = 60): void {
    this.#secondary = { left: requests, retryAfterSeconds };
  }

  /**
   * Makes requests fail.
   *
   * @param options.times - how many; 1 unless given
   * @param options.matches - which ones; any unless given
   */
  failRequests(
    failure: GithubFailure,
    options: {
      times?: number;
      matches?: (request: GithubRequestInfo) => boolean;
    } = {},
  ): void {
    const { times = 1, matches = () => true } = options;
    this.#failures.push({ failure, left: times, matches });
  }

  /** Answers 503 to every request, and keeps webhooks until the end of the outage. */
  startOutage(): void {
    this.#isOut = true;
    this.#sender.hold();
  }

  endOutage(): void {
    this.#isOut = false;
    this.#sender.resume();
  }

  /** Ends all faults. */
  clear(): void {
    this.#failures = [];
    this.#secondary.left = 0;
    this.#rateLimits.reset();
    this.#sender.setFaults({});
    this.endOutage();
  }

  /**
   * Which failure a request is to suffer.
   *
   * @internal
   */
  takeFailure(
    request: GithubRequestInfo,
  ): GithubFailure | 'outage' | undefined {
    if (this.#isOut) {
      return 'outage';
    }
    const planned = this.#failures.find(
      ({ left, matches }) => left > 0 && matches(request),
    );
    if (planned) {
      planned.left -= 1;
    }
    return planned?.failure;
  }

  /**
   * @throws ApiError if the secondary rate limit is to refuse this request
   *
   * @internal
   */
  checkSecondary(): void {
    if (this.#secondary.left > 0) {
      this.#secondary.left -= 1;
      throw new ApiError(
        403,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        {
          headers: {
            'retry-after': String(this.#secondary.retryAfterSeconds),
          },
          fields: {
            documentation_url:
              'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits',
          },
        },
      );
    }
  }
}
