import { ApiError } from './ApiError';
import type {
  GithubLimitErrorType,
  GithubResource,
  RateLimits,
} from './RateLimits';
import type { GithubReadLag, ReadReplica } from './ReadReplica';
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
 * How a request fails: with 502, with 404, with 200 and the error of a query that took GraphQL too long, without any
 * answer, or with an answer that ends in its middle.
 *
 * @public
 */
export type GithubFailure =
  | 'bad gateway'
  | 'not found'
  | 'interrupted'
  | 'timeout'
  | 'cut';

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
  readonly #replica: ReadReplica;
  #failures: PlannedFailure[] = [];
  #secondary = { left: 0, retryAfterSeconds: 60 };
  #isOut = false;

  /** @internal */
  constructor(parts: {
    sender: WebhookSender;
    rateLimits: RateLimits;
    replica: ReadReplica;
  }) {
    this.#sender = parts.sender;
    this.#rateLimits = parts.rateLimits;
    this.#replica = parts.replica;
  }

  /** Disturbs the webhooks from now on; what is not given does not happen any more. */
  disturbWebhooks(faults: GithubWebhookFaults): void {
    this.#sender.setFaults(faults);
  }

  /** Sends the webhooks that were gathered to be shuffled. */
  releaseWebhooks(): void {
    this.#sender.release();
  }

  /**
   * Uses up the primary rate limit of everybody, for an hour.
   *
   * @param options.errorType - what GraphQL calls it; `RATE_LIMITED` unless given
   */
  useUpRateLimit(
    resource: GithubResource = 'core',
    { errorType = 'RATE_LIMITED' }: { errorType?: GithubLimitErrorType } = {},
  ): void {
    this.#rateLimits.useUp(resource, errorType);
  }

  /** Refuses the next requests with 403 and Retry-After. */
  limitSecondary(requests: number, retryAfterSeconds: number = 60): void {
    this.#secondary = { left: requests, retryAfterSeconds };
  }

  /**
   * Makes requests fail.
   *
   * @param options.times - how many, or `Infinity`; 1 unless given
   * @param options.matches - which ones; any unless given
   *
   * @example
   * ```ts
   * // There is no delivery log for now.
   * faults.failRequests('not found', {
   *   times: Infinity,
   *   matches: ({ path }) => path.includes('/deliveries'),
   * });
   * ```
   */
  failRequests(
    failure: GithubFailure,
    options: {
      times?: number;
      matches?: (request: GithubRequestInfo) => boolean;
    } = {},
  ): void {
    const { times = 1, matches = () => true } = options;
    if (times > 0) {
      this.#failures.push({ failure, left: times, matches });
    }
  }

  /**
   * Lets what is read of repositories lag behind what webhooks tell, as GitHub's replicas do: a repository that was just
   * created is not there yet, and one that was just renamed has its former name.
   */
  lagReads(lag: GithubReadLag): void {
    this.#replica.lag(lag);
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
    this.#replica.catchUp();
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
    const planned = this.#failures.find(({ matches }) => matches(request));
    if (planned) {
      planned.left -= 1;
      this.#failures = this.#failures.filter(({ left }) => left > 0);
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
