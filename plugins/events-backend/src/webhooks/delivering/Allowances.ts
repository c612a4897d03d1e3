import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Endpoint, EndpointPool } from '../../endpoints';
import type { HealthKeeper } from './HealthKeeper';

/** What the breaker and the rate limit let claim. */
export interface Allowance {
  maxEvents: number;
  /** Of the breaker's permission. */
  round: number;
  /** Whether it is the one event that shows whether the receiver works again. */
  isProbe: boolean;
  /** Gives back what of the rate limit was not used. Never rejects. */
  refund(unused: number): Promise<void>;
}

/** What the rate limit grants. */
interface Grant {
  count: number;
  /** While nothing is granted: until something is, in milliseconds. */
  waitMs: number;
  refund: Allowance['refund'];
}

/** Units of the rate limit, in milliseconds. */
const unitMs = { second: 1_000, minute: 60_000, hour: 3_600_000 };

/** Decides how many events of one endpoint may be sent now: by its breaker, and by its rate limit over all processes. */
export class Allowances {
  readonly #endpoint: Endpoint;
  readonly #endpoints: Pick<EndpointPool, 'reserve' | 'refund'>;
  readonly #health: HealthKeeper;
  readonly #now: () => number;
  readonly #logger: LoggerService;

  constructor(options: {
    endpoint: Endpoint;
    endpoints: Pick<EndpointPool, 'reserve' | 'refund'>;
    health: HealthKeeper;
    /** Milliseconds since the epoch. */
    now: () => number;
    logger: LoggerService;
  }) {
    this.#endpoint = options.endpoint;
    this.#endpoints = options.endpoints;
    this.#health = options.health;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  /**
   * Asks the breaker, and then the rate limit.
   *
   * @param wanted - how many events at the most
   * @returns a number says how long to wait, in milliseconds; 0 to ask again
   */
  async ask(wanted: number): Promise<Allowance | number> {
    const permission = this.#health.ask();
    if (permission.kind === 'wait') {
      return Math.max(1, permission.untilMs - this.#now());
    }
    const isProbe = permission.kind === 'probe';
    let { round } = permission;
    const { count, waitMs, refund } = await this.#reserve(isProbe ? 1 : wanted);
    if (count === 0) {
      return Math.max(1, waitMs);
    }
    if (isProbe) {
      const begun = await this.#health.beginProbe();
      if (begun === undefined) {
        await refund(count);
        return 0;
      }
      round = begun;
    }
    return { maxEvents: count, round, isProbe, refund };
  }

  async #reserve(count: number): Promise<Grant> {
    const { rateLimit } = this.#endpoint.settings;
    if (!rateLimit) {
      return { count, waitMs: 0, refund: async () => {} };
    }
    const { id } = this.#endpoint;
    const intervalMs = unitMs[rateLimit.per] / rateLimit.events;
    // A tenth of a second's worth at least, or a fast limit would be met by single events.
    const burst = Math.max(1, Math.ceil(100 / intervalMs));
    const { granted, waitMs } = await this.#endpoints.reserve(id, {
      count,
      intervalMs,
      burst,
    });
    return {
      count: granted,
      waitMs,
      refund: async unused => {
        if (unused > 0) {
          // A batch that is claimed must not be thrown away for it; the endpoint is only slower for a moment.
          await this.#endpoints
            .refund(id, unused, intervalMs)
            .catch(error =>
              this.#logger.debug(`Endpoint ${id} was not refunded`, error),
            );
        }
      },
    };
  }
}
