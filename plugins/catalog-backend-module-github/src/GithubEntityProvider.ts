import type {
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import type {
  EntityProvider,
  EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import type { CatalogScmEventsService } from '@backstage/plugin-catalog-node/alpha';
import type { EventParams } from '@backstage/plugin-events-node';
import {
  describeEvent,
  type DurableEventsService,
} from '@callboard/backstage-plugin-events-node';
import type { GithubService } from '@callboard/backstage-plugin-github-node';
import { Minimatch } from 'minimatch';
import { FollowedOwners } from './asking';
import { hintTopics, readEvent, type Follower } from './hints';
import { ProviderTelemetry } from './ProviderTelemetry';
import { ReconcileLoop, Reconciler } from './reconciling';
import {
  addProvider,
  insertHints,
  noteProviders,
  readRepositories,
  type GithubStore,
  type HintOrigin,
  type NewHint,
} from './repositories';
import { Scanner } from './scanning';
import type { ProviderSettings } from './settings';

/** How long a batch of events may wait for GitHub to say who has installed an app, in milliseconds. */
const ownersLimitMs = 10_000;

/** The services that a provider works with. */
export interface ProviderServices {
  store: GithubStore;
  github: GithubService;
  events: DurableEventsService;
  scmEvents: CatalogScmEventsService;
  scheduler: SchedulerService;
  logger: LoggerService;
}

/** What runs while the catalog is connected. */
interface Running {
  loop: ReconcileLoop;
  scanner: Scanner;
}

/**
 * Has the catalog follow the repositories of one provider of `catalog.providers.github`.
 *
 * @remarks
 * An event is written down as hints about repositories, and is handled when that is durable. A loop follows the hints by
 * asking GitHub. Scans find what no event told of.
 */
export class GithubEntityProvider implements EntityProvider {
  readonly #services: ProviderServices;
  readonly #settings: ProviderSettings;
  readonly #owners: FollowedOwners;
  readonly #follower: Follower;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  readonly #stop = new AbortController();
  #running: Running | undefined;

  constructor(settings: ProviderSettings, services: ProviderServices) {
    this.#settings = settings;
    this.#services = services;
    this.#owners = new FollowedOwners(services.github, settings);
    this.#follower = {
      settings,
      catalogFiles: settings.hasWildcards
        ? new Minimatch(settings.catalogPath)
        : { match: path => path === settings.catalogPath },
    };
    this.#telemetry = new ProviderTelemetry(settings.name);
    this.#logger = services.logger.child({ target: settings.name });
  }

  getProviderName(): string {
    return this.#settings.name;
  }

  async connect(connection: EntityProviderConnection): Promise<void> {
    const { store, events, scheduler } = this.#services;
    const { name, schedule } = this.#settings;
    await addProvider(store, name);
    const { loop, scanner } = this.#build(connection);
    this.#running = { loop, scanner };
    // Before the first scan, so that nothing happens in between.
    await events.subscribe({
      id: name,
      topics: hintTopics,
      onBatch: batch => this.#onEvents(batch),
      signal: this.#stop.signal,
    });
    await scanner.applyKnown();
    loop.start();
    const taskId = `${name}:refresh`;
    await scheduler.scheduleTask({
      ...schedule,
      id: taskId,
      fn: signal => this.#scan(scanner, signal),
    });
    const haste = await scanner.findHaste();
    await noteProviders(store, [name], Date.now());
    if (haste) {
      // The schedule may be that of the stock provider, or of a process before, and its next time hours away.
      this.#logger.info(`${haste}, so all repositories are scanned now`);
      await scheduler.triggerTask(taskId).catch(error => {
        this.#logger.info(`A scan is running already: ${error}`);
      });
    }
  }

  /** Ends what runs; nothing is lost, and the next start goes on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.loop.stop();
  }

  #build(connection: EntityProviderConnection): Running {
    const parts = {
      ...this.#services,
      settings: this.#settings,
      owners: this.#owners,
      telemetry: this.#telemetry,
      logger: this.#logger,
    };
    const reconciler = new Reconciler({ ...parts, connection });
    const loop = new ReconcileLoop({
      reconciler,
      provider: this.#settings.name,
      logger: this.#logger,
    });
    const scanner = new Scanner({
      ...parts,
      reconciler,
      onHints: () => loop.wake(),
    });
    return { loop, scanner };
  }

  async #scan(scanner: Scanner, signal: AbortSignal): Promise<void> {
    try {
      await scanner.runOnce(AbortSignal.any([signal, this.#stop.signal]));
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#logger.error(
          `The scan failed: ${error instanceof Error ? error.message : error}`,
          error instanceof Error ? error : undefined,
        );
      }
    }
  }

  /** Writes down what events say, and returns when that is durable. */
  async #onEvents(batch: readonly EventParams[]): Promise<void> {
    const { store } = this.#services;
    const { name } = this.#settings;
    const nowMs = Date.now();
    const readings = batch.map(event => ({
      origin: readOrigin(event),
      reading: readEvent(event.topic, event.eventPayload, this.#follower),
    }));
    const known = await readRepositories(
      store,
      name,
      readings.flatMap(({ reading }) =>
        reading.kind === 'passed over'
          ? []
          : reading.hints.map(({ nodeId }) => nodeId),
      ),
    );
    const isFollowed = this.#rememberFollowed();
    const hints: NewHint[] = [];
    for (const { origin, reading } of readings) {
      if (reading.kind === 'passed over') {
        hints.push({ ...origin, ...reading });
        continue;
      }
      if (reading.kind === 'owners') {
        this.#owners.forget();
      }
      const followed: NewHint[] = [];
      for (const hint of reading.hints) {
        followed.push(
          known.has(hint.nodeId) || (await isFollowed(hint.owner))
            ? { ...origin, hint, dueAtMs: nowMs }
            : {
                ...origin,
                fullName: hint.fullName,
                reason: `${hint.owner} is not followed`,
              },
        );
      }
      hints.push(
        ...(followed.length > 0
          ? followed
          : [{ ...origin, reason: 'it names no repository' }]),
      );
    }
    await insertHints(store, name, hints, nowMs);
    this.#note(hints);
    this.#running?.loop.wake();
  }

  /**
   * Tells of owners whether they are followed, for one batch. In doubt somebody is: the hint is kept, and GitHub is asked about
   * the repository when it can be. So a batch never waits for long.
   */
  #rememberFollowed(): (owner: string) => Promise<boolean> {
    const signal = AbortSignal.any([
      this.#stop.signal,
      AbortSignal.timeout(ownersLimitMs),
    ]);
    const answers = new Map<string, Promise<boolean>>();
    return owner => {
      const answer =
        answers.get(owner) ??
        this.#owners.isFollowed(owner, signal).catch(() => true);
      answers.set(owner, answer);
      return answer;
    };
  }

  #note(hints: readonly NewHint[]): void {
    for (const hint of hints) {
      this.#telemetry.onRead(hint.topic ?? 'unknown', hint.hint ? 1 : 0);
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
