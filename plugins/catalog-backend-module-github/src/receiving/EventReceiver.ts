import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EventParams } from '@backstage/plugin-events-node';
import { describeEvent } from '@callboard/backstage-plugin-events-node';
import { withTimeLimit } from '@callboard/backstage-plugin-events-node/bus';
import { Minimatch } from 'minimatch';
import type { FollowedOwners } from '../asking';
import { readEvent, type Follower, type Hint, type Reading } from '../hints';
import type { ProviderTelemetry } from '../ProviderTelemetry';
import {
  insertHints,
  readRepositories,
  type GithubStore,
  type HintOrigin,
  type NewHint,
} from '../repositories';
import type { ProviderSettings } from '../settings';

/** What an event says, and which it is. */
interface ReceivedEvent {
  origin: HintOrigin;
  reading: Reading;
}

/** Writes down what events say of repositories that a provider follows. */
export class EventReceiver {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #owners: ReceivedOwners;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  readonly #follower: Follower;
  readonly #ownersLimitMs: number;

  constructor(options: {
    store: GithubStore;
    settings: ProviderSettings;
    owners: ReceivedOwners;
    telemetry: ProviderTelemetry;
    logger: LoggerService;
    /** How long a batch may wait for GitHub to say who has installed an app, in milliseconds; 10 seconds unless given. */
    ownersLimitMs?: number;
  }) {
    const { settings } = options;
    this.#ownersLimitMs = options.ownersLimitMs ?? 10_000;
    this.#store = options.store;
    this.#settings = settings;
    this.#owners = options.owners;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
    this.#follower = {
      settings,
      catalogFiles: settings.hasWildcards
        ? new Minimatch(settings.catalogPath)
        : { match: path => path === settings.catalogPath },
    };
  }

  /**
   * Takes a batch of events in, and returns when what they say is durable: as hints, or with the reason why an event was
   * passed over.
   *
   * @param signal - of the provider: in doubt an owner is followed from then on
   */
  async receive(
    events: readonly EventParams[],
    signal: AbortSignal,
  ): Promise<void> {
    const { name } = this.#settings;
    const nowMs = Date.now();
    const received = events.map(
      (event): ReceivedEvent => ({
        origin: readOrigin(event),
        reading: readEvent(event.topic, event.eventPayload, this.#follower),
      }),
    );
    const isFollowed = await this.#findFollowed(received, signal);
    const hints: NewHint[] = [];
    for (const each of received) {
      hints.push(...(await toHints(each, isFollowed, nowMs)));
    }
    await insertHints(this.#store, name, hints, nowMs);
    this.#report(hints);
  }

  /**
   * Tells of repositories whether they are followed: those that are known, and those of an owner who is. In doubt one is:
   * the hint is kept, and GitHub is asked about the repository when it can be. So a batch never waits for long.
   */
  async #findFollowed(
    received: readonly ReceivedEvent[],
    signal: AbortSignal,
  ): Promise<IsFollowed> {
    if (received.some(({ reading }) => reading.kind === 'owners')) {
      this.#owners.forget();
    }
    const known = await readRepositories(
      this.#store,
      this.#settings.name,
      received.flatMap(({ reading }) =>
        reading.kind === 'passed over'
          ? []
          : reading.hints.map(({ nodeId }) => nodeId),
      ),
    );
    const { source } = this.#settings;
    const endMs = performance.now() + this.#ownersLimitMs;
    let isOver = false;
    const answers = new Map<string, Promise<boolean> | boolean>();
    const ask = (owner: string) =>
      withTimeLimit(
        this.#owners.isFollowed(owner, signal, { isRough: true }),
        Math.max(0, endMs - performance.now()),
        () => {
          isOver = true;
          return new Error('GitHub does not tell in time');
        },
      ).catch(() => true);
    return ({ nodeId, owner, saysGone }, app) => {
      if (known.has(nodeId)) {
        return true;
      }
      if (source.kind === 'app' && source.appId === app && !saysGone) {
        // Webhooks may be faster than what GitHub says of installations.
        return this.#owners.isAllowed(owner);
      }
      const answer = answers.get(owner) ?? (isOver || ask(owner));
      answers.set(owner, answer);
      return answer;
    };
  }

  #report(hints: readonly NewHint[]): void {
    for (const hint of hints) {
      this.#telemetry.onRead(hint.topic ?? 'unknown', hint.hint !== undefined);
      if (!hint.hint) {
        this.#logger.debug(
          `Passed over ${hint.topic} of delivery ${hint.delivery}${
            hint.fullName ? ` to ${hint.fullName}` : ''
          }: ${hint.reason}`,
        );
      }
    }
  }
}

type ReceivedOwners = Pick<
  FollowedOwners,
  'forget' | 'isAllowed' | 'isFollowed'
>;

type IsFollowed = (
  hint: Pick<Hint, 'nodeId' | 'owner' | 'saysGone'>,
  app: number | undefined,
) => boolean | Promise<boolean>;

/** What is written down of an event: one thing at least, so that it can be explained. */
async function toHints(
  { origin, reading }: ReceivedEvent,
  isFollowed: IsFollowed,
  nowMs: number,
): Promise<NewHint[]> {
  if (reading.kind === 'passed over') {
    return [{ ...origin, ...reading }];
  }
  const hints: NewHint[] = [];
  for (const hint of reading.hints) {
    hints.push(
      (await isFollowed(hint, reading.app))
        ? { ...origin, hint, dueAtMs: nowMs }
        : {
            ...origin,
            fullName: hint.fullName,
            reason: `${hint.owner} is not followed`,
          },
    );
  }
  return hints.length > 0
    ? hints
    : [{ ...origin, reason: 'it names no repository' }];
}

function readOrigin(event: EventParams): HintOrigin {
  const { topic, metadata, eventPayload } = event;
  const delivery = metadata?.['x-github-delivery'];
  const action =
    typeof eventPayload === 'object' &&
    eventPayload !== null &&
    'action' in eventPayload
      ? eventPayload.action
      : undefined;
  return {
    cause: 'event',
    topic,
    eventId: describeEvent(event).id,
    ...(typeof delivery === 'string' && { delivery }),
    ...(typeof action === 'string' && { action: action.slice(0, 100) }),
  };
}
