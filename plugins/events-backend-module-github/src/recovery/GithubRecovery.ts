import type { LoggerService } from '@backstage/backend-plugin-api';
import { stringifyError } from '@backstage/errors';
import { GithubError } from '@callboard/backstage-plugin-github-node';
import type { HookRecovery } from './HookRecovery';
import { describeUrl } from './hooks';
import type { RecoveryTelemetry } from './RecoveryTelemetry';
import type { LossReason, RecoveryObserver, TurnOutcome } from './recoveryTurn';
import type { DueDelivery, RecoveryReason, RecoveryStore } from './store';

/** GitHub keeps deliveries for three days; what is older will never be fetched. */
const forgottenMs = 7 * 86_400_000;

/** Ends a little before the schedule ends it, so that what was fetched last is noted. */
const marginMs = 5_000;

/**
 * Recovers webhooks of GitHub that did not arrive: in turns, of which the schedule sees that one runs at a time.
 */
export class GithubRecovery {
  readonly #hooks: readonly HookRecovery[];
  readonly #store: RecoveryStore;
  readonly #maxDeliveries: number;
  readonly #timeoutMs: number;
  readonly #telemetry: RecoveryTelemetry;
  readonly #logger: LoggerService;
  readonly #stopping = new AbortController();
  /** What was said last of the trouble with a webhook, so that each turn does not say it again. */
  readonly #said = new Map<string, string>();
  #running: Promise<void> | undefined;

  /**
   * @param options.maxDeliveries - how many deliveries of one webhook a turn may fetch
   * @param options.timeoutMs - how long a turn may take, in milliseconds
   */
  constructor(options: {
    hooks: readonly HookRecovery[];
    store: RecoveryStore;
    maxDeliveries: number;
    timeoutMs: number;
    telemetry: RecoveryTelemetry;
    logger: LoggerService;
  }) {
    this.#hooks = options.hooks;
    this.#store = options.store;
    this.#maxDeliveries = options.maxDeliveries;
    this.#timeoutMs = options.timeoutMs;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
  }

  /**
   * Notes that from now on what the webhooks deliver comes into the log. What others took before that is not asked for.
   */
  async begin(): Promise<void> {
    for (const hook of this.#hooks) {
      await hook.begin();
    }
  }

  /**
   * Takes one turn: reads what GitHub says it has delivered, and fetches what is not in the log. Does not throw: trouble
   * with a webhook is logged, and does not keep the others from their turn.
   *
   * @param signal - ends the turn
   */
  async runOnce(signal?: AbortSignal): Promise<void> {
    this.#running ??= this.#takeTurn(signal).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Ends the turn that is under way, and begins no other. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The portal is stopping'));
    await this.#running;
  }

  async #takeTurn(signal: AbortSignal | undefined): Promise<void> {
    const controller = new AbortController();
    const stop = () => controller.abort(signal?.reason);
    const signals = [this.#stopping.signal, ...(signal ? [signal] : [])];
    if (signals.some(({ aborted }) => aborted)) {
      return;
    }
    signals.forEach(each =>
      each.addEventListener('abort', stop, { once: true }),
    );
    const endsAtMs =
      performance.now() +
      Math.max(this.#timeoutMs - marginMs, this.#timeoutMs / 2);
    try {
      for (const [index, hook] of this.#hooks.entries()) {
        const left = endsAtMs - performance.now();
        await this.#takeTurnOf(hook, {
          // One with much to do leaves the others their share.
          endsAtMs: performance.now() + left / (this.#hooks.length - index),
          maxDeliveries: this.#maxDeliveries,
          signal: controller.signal,
        });
        if (controller.signal.aborted) {
          return;
        }
      }
      await this.#store
        .removeBefore(Date.now() - forgottenMs)
        .catch(error => this.#logger.debug(`${error}`));
    } finally {
      signals.forEach(each => each.removeEventListener('abort', stop));
    }
  }

  async #takeTurnOf(
    recovery: HookRecovery,
    bounds: { endsAtMs: number; maxDeliveries: number; signal: AbortSignal },
  ): Promise<void> {
    const { hook } = recovery;
    const tally = new Tally(hook.description, this.#telemetry, this.#logger);
    try {
      const outcome = await recovery.runOnce(bounds, tally);
      this.#sayOutcome(hook.description, outcome);
      tally.say(outcome);
    } catch (error) {
      hook.forget();
      tally.say({ kind: 'unfinished' });
      if (!bounds.signal.aborted) {
        this.#sayFailure(hook.description, error);
      }
    }
  }

  #sayOutcome(description: string, outcome: TurnOutcome): void {
    if (outcome.kind === 'elsewhere') {
      this.#sayElsewhere(description, outcome.url);
    } else if (this.#said.delete(description)) {
      this.#logger.info(
        `Webhooks of ${description} that did not arrive are fetched again`,
      );
    }
  }

  #sayElsewhere(description: string, url: string | undefined): void {
    if (url === undefined) {
      this.#say(
        description,
        'nowhere',
        `There are no webhooks of ${description} that might not have arrived: it has no webhook`,
        'info',
      );
    } else {
      const place = describeUrl(url);
      this.#say(
        description,
        url,
        `Webhooks of ${description} that did not arrive are not fetched: they go to ${place}, which is no ingress of this portal: that is …/api/events/http/github at the host of backend.baseUrl. If it leads here, set events.modules.github.recovery.url to the whole URL of the webhook`,
      );
    }
  }

  #sayFailure(description: string, error: unknown): void {
    const { kind, retryAfterMs = 0 } =
      error instanceof GithubError
        ? error
        : { kind: 'error', retryAfterMs: undefined };
    this.#telemetry.onFailed('turn', kind);
    const message = stringifyError(error);
    if (kind === 'limited') {
      const until = new Date(Date.now() + retryAfterMs).toISOString();
      this.#say(
        description,
        kind,
        `Webhooks of ${description} that did not arrive are not fetched before ${until}: ${message}`,
      );
    } else {
      this.#say(
        description,
        message,
        `Webhooks of ${description} that did not arrive could not be fetched; it is tried again: ${message}`,
      );
    }
  }

  /** @param what - the same while it is the same trouble */
  #say(
    description: string,
    what: string,
    message: string,
    level: 'info' | 'warn' = 'warn',
  ): void {
    const isKnown = this.#said.get(description) === what;
    this.#said.set(description, what);
    this.#logger[isKnown ? 'debug' : level](message);
  }
}

/** Counts what becomes of deliveries in a turn, and says it at its end. */
class Tally implements RecoveryObserver {
  readonly #description: string;
  readonly #telemetry: RecoveryTelemetry;
  readonly #logger: LoggerService;
  #read = 0;
  readonly #recovered = { failed: 0, missing: 0 };
  readonly #lost = new Map<LossReason, number>();

  constructor(
    description: string,
    telemetry: RecoveryTelemetry,
    logger: LoggerService,
  ) {
    this.#description = description;
    this.#telemetry = telemetry;
    this.#logger = logger;
  }

  onRead(count: number): void {
    this.#read += count;
  }

  onRecovered(reason: RecoveryReason): void {
    this.#recovered[reason] += 1;
    this.#telemetry.onRecovered(reason);
  }

  onLost({ guid }: DueDelivery, reason: LossReason, error: unknown): void {
    this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + 1);
    this.#telemetry.onFailed('delivery', reason);
    // What was sent elsewhere may be all of three days, and is told at the end.
    this.#logger[reason === 'elsewhere' ? 'debug' : 'warn'](
      `Webhook ${guid} of ${this.#description} cannot be recovered: ${
        lossPhrases[reason]
      }${error === undefined ? '' : `: ${stringifyError(error)}`}`,
    );
  }

  say({ kind }: TurnOutcome): void {
    const { failed, missing } = this.#recovered;
    const elsewhere = this.#lost.get('elsewhere') ?? 0;
    if (elsewhere > 0) {
      this.#logger.warn(
        `${elsewhere} webhooks of ${
          this.#description
        } were sent to another URL than the webhook has now, so they are not taken in: they may be somebody else's. If they were meant for this portal, redeliver them at GitHub, where the recent deliveries of the webhook have them for three days`,
      );
    }
    const lost = [...this.#lost].map(
      ([reason, count]) => `${count} (${lossPhrases[reason]})`,
    );
    const message = [
      `Read ${this.#read} deliveries of ${this.#description}`,
      `recovered ${failed} that had failed and ${missing} that the log did not have`,
      ...(lost.length > 0 ? [`could not recover ${lost.join(', ')}`] : []),
      ...(kind === 'unfinished' ? ['the next turn goes on'] : []),
    ].join('; ');
    const isNews =
      failed + missing + lost.length > 0 ||
      (kind === 'unfinished' && this.#read > 0);
    this.#logger[isNews ? 'info' : 'debug'](message);
  }
}

const lossPhrases: Record<LossReason, string> = {
  gone: 'GitHub does not have its payload any more',
  malformed: 'what GitHub has is no delivery',
  unavailable: 'GitHub does not give it',
  rejected: 'the events system refuses it',
  elsewhere: 'it was sent to another URL',
};
