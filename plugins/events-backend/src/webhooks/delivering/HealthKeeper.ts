import type { Endpoint, EndpointPool } from '../../endpoints';
import {
  askBreaker,
  type BreakerPolicy,
  type Permission,
  type Verdict,
} from '../sending';
import {
  newHealth,
  noteInHealth,
  readHealthState,
  type HealthState,
  type NotedVerdict,
} from './endpointHealth';

/** Others write as well; whoever loses so often in a row has news that can wait for the next result. */
const maxTries = 5;

/** What is kept of an endpoint, with the number of times that it was replaced. */
interface KeptHealth {
  /** Undefined while nothing is kept. */
  version: number | undefined;
  state: HealthState;
}

/**
 * Keeps the health of one endpoint, as it is with one revision, in step with the store: results count at once in this process, and are kept for the
 * others soon after, one write for all that came meanwhile.
 *
 * @remarks
 * What is kept is replaced only if it is what this process knows, and results are noted anew on what another process kept.
 * So breakers of two processes agree, and one probe is sent, not two. Once the endpoint is changed, nothing more is kept:
 * it says nothing of what the endpoint is then. In good times nothing is written.
 */
export class HealthKeeper {
  readonly #endpoint: Pick<Endpoint, 'id' | 'revision'>;
  readonly #pool: Pick<EndpointPool, 'readHealth' | 'replaceHealth'>;
  readonly #policy: BreakerPolicy;
  readonly #now: () => number;
  #kept: KeptHealth = { version: undefined, state: newHealth };
  /** Results that are not kept yet, noted on what is. */
  #pending: NotedVerdict[] = [];
  #state: HealthState = newHealth;
  #writing: Promise<void> | undefined;

  constructor(options: {
    endpoint: Pick<Endpoint, 'id' | 'revision'>;
    pool: Pick<EndpointPool, 'readHealth' | 'replaceHealth'>;
    policy: BreakerPolicy;
    /** Milliseconds since the epoch. */
    now: () => number;
  }) {
    this.#endpoint = options.endpoint;
    this.#pool = options.pool;
    this.#policy = options.policy;
    this.#now = options.now;
  }

  /** How it fares, as far as this process knows. */
  get state(): HealthState {
    return this.#state;
  }

  /** Whether something may be sent now. */
  ask(): Permission {
    return askBreaker(this.#state.breaker, this.#now(), this.#policy);
  }

  /** Whether what was permitted in a round may still be sent; if not, how long to wait, in milliseconds. */
  check(round: number): { allowed: true } | { allowed: false; waitMs: number } {
    const { breaker } = this.#state;
    if (breaker.round === round && breaker.state !== 'open') {
      return { allowed: true };
    }
    const waitMs =
      breaker.state === 'closed'
        ? 0
        : Math.max(0, breaker.untilMs - this.#now());
    return { allowed: false, waitMs };
  }

  /** Takes over what another process has kept; returns whether that was news. */
  refresh(kept: { version: number; health: unknown } | undefined): boolean {
    const isNews = (kept?.version ?? 0) > (this.#kept.version ?? 0);
    if (!isNews || this.#pending.length > 0) {
      return false;
    }
    this.#adopt(kept);
    return true;
  }

  /**
   * Takes the one probe that there is.
   *
   * @returns its round; undefined when another process was faster
   */
  async beginProbe(): Promise<number | undefined> {
    await this.keep();
    // Only now: to keep what was noted may have brought in what another process did.
    const permission = this.ask();
    const before = this.#kept;
    if (
      permission.kind !== 'probe' ||
      this.#pending.length > 0 ||
      this.#state !== before.state
    ) {
      return undefined;
    }
    const state = { ...before.state, breaker: permission.breaker };
    if (await this.#replace(before, state)) {
      this.#state = this.#kept.state;
      return permission.round;
    }
    await this.#readAnew();
    return undefined;
  }

  /** Notes what became of something that was sent. */
  note(verdict: Verdict, round: number): void {
    const noted = { verdict, round, nowMs: this.#now() };
    const state = noteInHealth(this.#state, noted, this.#policy);
    if (state !== this.#state) {
      this.#state = state;
      this.#pending.push(noted);
    }
  }

  /** Keeps what was noted. Rejects when the store is away; what was noted is kept the next time then. */
  async keep(): Promise<void> {
    while (this.#pending.length > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    for (let turn = 1; ; turn += 1) {
      const count = this.#pending.length;
      const before = this.#kept;
      const state = this.#noteOn(before.state, this.#pending.slice(0, count));
      const isDone =
        state === before.state || (await this.#replace(before, state));
      if (isDone || turn === maxTries) {
        this.#pending.splice(0, count);
        this.#state = this.#noteOn(this.#kept.state, this.#pending);
        return;
      }
      await this.#readAnew();
    }
  }

  #noteOn(state: HealthState, noted: readonly NotedVerdict[]): HealthState {
    return noted.reduce(
      (before, one) => noteInHealth(before, one, this.#policy),
      state,
    );
  }

  async #replace({ version }: KeptHealth, state: HealthState) {
    const replaced = await this.#pool.replaceHealth(
      this.#endpoint.id,
      version,
      state,
      this.#endpoint.revision,
    );
    if (replaced) {
      this.#kept = { version: (version ?? 0) + 1, state };
    }
    return replaced;
  }

  async #readAnew(): Promise<void> {
    this.#adopt(await this.#pool.readHealth(this.#endpoint.id));
  }

  #adopt(kept: { version: number; health: unknown } | undefined): void {
    this.#kept = kept
      ? { version: kept.version, state: readHealthState(kept.health) }
      : { version: undefined, state: newHealth };
    this.#state = this.#noteOn(this.#kept.state, this.#pending);
  }
}
