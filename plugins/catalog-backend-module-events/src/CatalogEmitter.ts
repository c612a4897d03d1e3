import type { LoggerService } from '@backstage/backend-plugin-api';
import type {
  EntityProvider,
  EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import type { Outbox } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import type { ChangeCapture, Installation } from './capture';

/** Statements after which something may wait in the outbox. */
const writes =
  /^(insert into|update|delete from) [`"]?(final_entities|refresh_state|locations)|^commit/i;

/**
 * Turns what the triggers write down into events: sees that they stand, and wakes the relay.
 *
 * @remarks
 * It takes part in the catalog as a provider of no entities, because providers are connected when the catalog's own
 * migrations have run. On SQLite a migration may rebuild a table, and its triggers go.
 */
export class CatalogEmitter implements EntityProvider {
  readonly #capture: ChangeCapture;
  readonly #outbox: Outbox;
  readonly #knex: Knex;
  readonly #onInstall: 'nothing' | 'snapshot';
  readonly #migrates: boolean;
  readonly #logger: LoggerService;
  readonly #onQuery = (_response: unknown, { sql }: { sql: string }) => {
    if (writes.test(sql)) {
      this.#outbox.wake();
    }
  };
  #wasThere = false;

  constructor(options: {
    capture: ChangeCapture;
    outbox: Outbox;
    knex: Knex;
    onInstall: 'nothing' | 'snapshot';
    /** Whether tables and triggers may be made. */
    migrates: boolean;
    logger: LoggerService;
  }) {
    this.#capture = options.capture;
    this.#outbox = options.outbox;
    this.#knex = options.knex;
    this.#onInstall = options.onInstall;
    this.#migrates = options.migrates;
    this.#logger = options.logger;
  }

  getProviderName(): string {
    return 'callboard-events';
  }

  /**
   * Begins before the catalog does: changes that it makes while it starts are caught, unless its tables are not there
   * yet, and with them nothing that could change.
   */
  async start(): Promise<void> {
    const installation = await this.#install();
    this.#wasThere = installation !== 'waiting';
    if (this.#wasThere) {
      await this.#begin(installation);
    }
    // Only a hint: the relay looks by itself every second.
    this.#knex.on('query-response', this.#onQuery);
    this.#outbox.start();
  }

  /** Called by the catalog, when its migrations have run. */
  async connect(_connection: EntityProviderConnection): Promise<void> {
    const installation = await this.#install();
    if (installation === 'waiting') {
      throw new Error(
        'The catalog has no tables final_entities and locations; this version of the catalog is not known to the module, see its README',
      );
    }
    if (!this.#wasThere) {
      await this.#begin(installation);
    } else if (installation === 'renewed') {
      this.#logger.warn(
        'A migration of the catalog removed the triggers that catch its changes; they stand again. What changed while the catalog was starting may not have been told of',
      );
    }
  }

  async stop(): Promise<void> {
    this.#knex.removeListener('query-response', this.#onQuery);
    await this.#outbox.stop();
  }

  async #install(): Promise<Installation> {
    if (this.#migrates) {
      return this.#capture.install();
    }
    return this.#capture.find();
  }

  async #begin(installation: Installation): Promise<void> {
    const silentSince = await this.#capture.sayAlive();
    if (silentSince) {
      this.#logger.warn(
        `No process with this module has run since ${silentSince.toISOString()}. If the catalog changed meanwhile, subscribers were not told; take a snapshot to tell them what it has now`,
      );
    }
    if (installation !== 'installed') {
      return;
    }
    this.#logger.info('Changes of the catalog are caught from now on');
    if (this.#onInstall === 'snapshot') {
      const { entities, locations } = await this.#capture.snapshot();
      this.#logger.info(
        `Told of ${entities} entities and ${locations} locations that were there already`,
      );
    }
  }
}
