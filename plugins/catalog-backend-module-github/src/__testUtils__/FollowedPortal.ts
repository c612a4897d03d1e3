import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import {
  coreServices,
  createBackendModule,
  createServiceFactory,
  type BackendFeature,
  type SchedulerService,
} from '@backstage/backend-plugin-api';
import { schedulerServiceFactory } from '@backstage/backend-defaults/scheduler';
import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import catalogBackend from '@backstage/plugin-catalog-backend';
import type { JsonObject } from '@backstage/types';
import { subscriptionsViewSchema } from '@callboard/backstage-plugin-events-common';
import eventsBackend from '@callboard/backstage-plugin-events-backend';
import eventsModuleGithub from '@callboard/backstage-plugin-events-backend-module-github';
import { bundleFeatures } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import catalogModuleGithub from '..';

/** What webhooks of the tests are signed with. */
export const webhookSecret = 'It is a secret to everybody';

/** An app of a GitHub on localhost, as Backstage is configured for it. */
export interface PortalApp {
  id: number;
  clientId: string;
  privateKey: string;
}

/** The configuration of a portal that knows a GitHub by an app. */
export function makeGithubConfig(
  github: { host: string; apiBaseUrl: string },
  app: PortalApp,
): JsonObject {
  return {
    events: { modules: { github: { webhookSecret } } },
    integrations: {
      github: [
        {
          host: github.host,
          apiBaseUrl: github.apiBaseUrl,
          apps: [
            {
              appId: app.id,
              clientId: app.clientId,
              clientSecret: 'unused',
              webhookSecret,
              privateKey: app.privateKey,
            },
          ],
        },
      ],
    },
  };
}

/** A line of the log. */
export interface LogLine {
  level: string;
  message: string;
  /** What was logged with it, such as an error with its causes. */
  details: string;
}

/** A real backend whose catalog follows a GitHub on localhost. */
export class FollowedPortal {
  readonly #url: string;
  readonly #databases: PortalDatabases;
  readonly #scheduler: SchedulerService;
  readonly #stop: () => Promise<void>;
  readonly log: LogLine[];

  private constructor(options: {
    url: string;
    databases: PortalDatabases;
    log: LogLine[];
    scheduler: SchedulerService;
    stop: () => Promise<void>;
  }) {
    this.#url = options.url;
    this.#databases = options.databases;
    this.log = options.log;
    this.#scheduler = options.scheduler;
    this.#stop = options.stop;
  }

  static async start(options: {
    databases: PortalDatabases;
    config: JsonObject;
    provider: JsonObject;
    /** Below `catalog`, besides the provider. */
    catalog?: JsonObject;
    features?: BackendFeature[];
    /** In the place of ours. */
    module?: BackendFeature;
  }): Promise<FollowedPortal> {
    const { databases, config, provider, catalog } = options;
    const { features = [], module = catalogModuleGithub } = options;
    const log: LogLine[] = [];
    let scheduler: SchedulerService | undefined;
    const keepScheduler = createBackendModule({
      pluginId: 'catalog',
      moduleId: 'keep-scheduler',
      register: env =>
        env.registerInit({
          deps: { service: coreServices.scheduler },
          async init({ service }) {
            scheduler = service;
          },
        }),
    });
    const backend = await startTestBackend({
      features: [
        bundleFeatures(eventsBackend, eventsModuleGithub),
        catalogBackend,
        module,
        keepScheduler,
        // The mock of the test backend is one for all backends of a process.
        schedulerServiceFactory,
        createServiceFactory({
          service: coreServices.database,
          deps: { plugin: coreServices.pluginMetadata },
          factory: ({ plugin }) => ({
            getClient: async () =>
              plugin.getId() === 'catalog'
                ? databases.catalog
                : databases.events,
          }),
        }),
        createServiceFactory({
          service: coreServices.logger,
          deps: {},
          factory: () => recordLog(log),
        }),
        createServiceFactory({
          service: coreServices.rootLogger,
          deps: {},
          factory: () => recordLog(log),
        }),
        mockServices.rootConfig.factory({
          data: {
            ...config,
            catalog: {
              locations: [],
              stitchingStrategy: { pollingInterval: { milliseconds: 100 } },
              ...catalog,
              providers: { github: provider },
            },
          },
        }),
        ...features,
      ],
    });
    if (!scheduler) {
      throw new Error('The catalog has not started');
    }
    const address = backend.server.address() as AddressInfo;
    return new FollowedPortal({
      databases,
      log,
      scheduler,
      url: `http://127.0.0.1:${address.port}`,
      stop: () => backend.stop(),
    });
  }

  /** Where GitHub sends webhooks. */
  get webhookUrl(): string {
    return `${this.#url}/api/events/http/github`;
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  async get(path: string): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      headers: { Authorization: mockCredentials.service.header() },
    });
  }

  /** What the catalog's API shows. */
  async readEntities(filter: string): Promise<Entity[]> {
    const response = await this.get(
      `/api/catalog/entities?filter=${encodeURIComponent(filter)}`,
    );
    return response.json();
  }

  /** The URLs that a provider has told the catalog of, as the catalog holds them. */
  async readTargets(
    providerName = 'github-provider:default',
  ): Promise<string[]> {
    const rows: { unprocessed_entity: string }[] = await this.#databases
      .catalog('refresh_state_references as r')
      .join('refresh_state as s', 's.entity_ref', 'r.target_entity_ref')
      .where('r.source_key', providerName)
      .select('s.unprocessed_entity');
    return rows
      .map(row => String(JSON.parse(row.unprocessed_entity).spec.target))
      .sort();
  }

  /** Resolves when all events are handled and all hints are followed. */
  async settle(limitMs?: number): Promise<void> {
    await waitFor(async () => {
      const unread = await this.#countUnread();
      return unread === 0 && (await this.countPendingHints()) === 0;
    }, limitMs);
  }

  /** Lets as much time pass as checks may wait, for those that do. */
  async letCheckTimePass(): Promise<void> {
    await this.#databases
      .catalog('callboard_github_hints')
      .where({ cause: 'check' })
      .whereNotNull('due_at_ms')
      .update({ due_at_ms: 0 });
  }

  /** How many hints wait to be followed; checks do so when they are due. */
  async countPendingHints(): Promise<number> {
    const [{ count }] = await this.#databases
      .catalog('callboard_github_hints')
      .whereNotNull('due_at_ms')
      .where(hurried =>
        hurried
          .whereNot('cause', 'check')
          .orWhere('due_at_ms', '<=', Date.now()),
      )
      .count({ count: '*' });
    return Number(count);
  }

  /** How many lines of the log begin so. */
  countLog(start: string): number {
    return this.log.filter(({ message }) => message.startsWith(start)).length;
  }

  /** Has a provider scan now. */
  async triggerScan(providerName: string): Promise<void> {
    await this.#scheduler.triggerTask(`${providerName}:refresh`);
  }

  /** Events behind the cursors of the catalog's subscriptions, and what is in hand or owed. */
  async #countUnread(): Promise<number> {
    const { items } = subscriptionsViewSchema.parse(
      await (await this.get('/api/events/v1/subscriptions')).json(),
    );
    const [{ count }] = await this.#databases
      .events('callboard_batches')
      .count({ count: '*' });
    return items
      .filter(({ id }) => id.startsWith('catalog.'))
      .reduce(
        (sum, { lag, owed }) =>
          sum + lag + owed.due + owed.blocked + owed.claimed,
        Number(count),
      );
  }
}

/** Databases of a portal, one for each plugin that needs one. */
export interface PortalDatabases {
  catalog: Knex;
  events: Knex;
}

/**
 * Looks again until something holds.
 *
 * @throws Error after 60 s
 */
export async function waitFor(
  holds: () => Promise<boolean> | boolean,
  limitMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) {
      throw new Error(`It did not become true within ${limitMs} ms: ${holds}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function recordLog(lines: LogLine[]) {
  const logger = mockServices.logger.mock();
  logger.child.mockImplementation(() => logger);
  for (const level of ['error', 'warn', 'info', 'debug'] as const) {
    logger[level].mockImplementation((message: string, meta?: object) => {
      const details = meta ? inspect(meta, { depth: 8 }) : '';
      lines.push({ level, message, details });
    });
  }
  return logger;
}
