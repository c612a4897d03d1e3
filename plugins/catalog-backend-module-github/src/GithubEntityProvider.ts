import type {
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import type {
  EntityProvider,
  EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import type { CatalogScmEventsService } from '@backstage/plugin-catalog-node/alpha';
import type { DurableEventsService } from '@callboard/backstage-plugin-events-node';
import type { GithubService } from '@callboard/backstage-plugin-github-node';
import { FollowedOwners, PageSize } from './asking';
import { hintTopics } from './hints';
import { ProviderTelemetry } from './ProviderTelemetry';
import { EventReceiver } from './receiving';
import { ReconcileLoop, Reconciler } from './reconciling';
import { addProvider, type GithubStore } from './repositories';
import { Scanner, ScanSchedule } from './scanning';
import type { ProviderSettings } from './settings';

/** The services that a provider works with. */
export interface ProviderServices {
  store: GithubStore;
  github: GithubService;
  events: DurableEventsService;
  scmEvents: CatalogScmEventsService;
  scheduler: SchedulerService;
  logger: LoggerService;
}

/** What works while the catalog is connected. */
interface Parts {
  receiver: EventReceiver;
  loop: ReconcileLoop;
  scanner: Scanner;
  scans: ScanSchedule;
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
  readonly #logger: LoggerService;
  readonly #stop = new AbortController();
  #parts: Parts | undefined;

  constructor(settings: ProviderSettings, services: ProviderServices) {
    this.#settings = settings;
    this.#services = services;
    this.#logger = services.logger.child({ target: settings.name });
  }

  getProviderName(): string {
    return this.#settings.name;
  }

  async connect(connection: EntityProviderConnection): Promise<void> {
    const { store, events } = this.#services;
    const { name } = this.#settings;
    await addProvider(store, name);
    this.#parts = this.#build(connection);
    const { receiver, loop, scanner, scans } = this.#parts;
    const { signal } = this.#stop;
    // Before the first scan, so that nothing happens in between.
    await events.subscribe({
      id: name,
      topics: hintTopics,
      onBatch: async batch => {
        await receiver.receive(batch, signal);
        loop.wake();
      },
      signal,
    });
    await scanner.applyKnown();
    loop.start();
    await scans.start();
  }

  /** Ends what runs; nothing is lost, and the next start goes on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#parts?.loop.stop(), this.#parts?.scans.stop()]);
  }

  #build(connection: EntityProviderConnection): Parts {
    const services = this.#services;
    const settings = this.#settings;
    const parts = {
      ...services,
      settings,
      owners: new FollowedOwners(services.github, settings),
      pageSize: new PageSize(settings.pageSize),
      telemetry: new ProviderTelemetry(settings.name),
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
    return {
      receiver: new EventReceiver(parts),
      loop,
      scanner,
      scans: new ScanSchedule({ ...parts, scanner }),
    };
  }
}
