import {
  coreServices,
  createBackendPlugin,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import scaffolderBackend from '@backstage/plugin-scaffolder-backend';
import eventsBackend from '@callboard/backstage-plugin-events-backend';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import scaffolderModuleEvents from '..';
import { entities, userInput } from './entities';
import { TaskRecorder } from './TaskRecorder';

/** Longer than a worker takes to take up a task that it has heard of, in milliseconds. */
const nudgeEveryMs = 5_000;

/** Databases of a portal, one for each plugin that needs one. */
export interface PortalDatabases {
  scaffolder: Knex;
  events: Knex;
}

/** What of `scaffolder` in the configuration tests set. */
export interface ScaffolderConfig {
  concurrentTasksLimit?: number;
  taskRecovery?: { enabled: boolean; staleTimeout: { seconds: number } };
  events?: { enabled: boolean };
}

export interface ScaffolderOptions {
  databases: PortalDatabases;
  config?: ScaffolderConfig;
  /** False for a scaffolder without the module. */
  module?: boolean;
  /** Whether the scaffolder is not to change its database. */
  skipMigrations?: boolean;
}

/** A real backend with the stock scaffolder, Callboard, and a subscriber. */
export async function startScaffolder(options: ScaffolderOptions) {
  const { started, ...scaffolder } = beginScaffolder(options);
  await started;
  return scaffolder;
}

/** The same, while it starts. */
export function beginScaffolder(options: ScaffolderOptions) {
  const { databases, config = {}, module = true } = options;
  const { skipMigrations: skip = false } = options;
  const recorder = new TaskRecorder();
  const logger = mockServices.logger.mock();
  logger.child.mockImplementation(() => logger);
  let resolveUrl: (url: string) => void = () => {};
  const gotUrl = new Promise<string>(resolve => {
    resolveUrl = resolve;
  });
  const subscriber = createBackendPlugin({
    pluginId: 'subscriber',
    register: env =>
      env.registerInit({
        deps: {
          discovery: coreServices.discovery,
          events: durableEventsServiceRef,
        },
        async init({ discovery, events }) {
          await events.subscribe({
            id: 'recorder',
            topics: ['scaffolder'],
            startAt: 'beginning',
            onEvent: recorder.onEvent,
          });
          resolveUrl(await discovery.getBaseUrl('scaffolder'));
        },
      }),
  });
  const started = startTestBackend({
    features: [
      eventsBackend,
      scaffolderBackend,
      subscriber,
      ...(module ? [scaffolderModuleEvents] : []),
      catalogServiceMock.factory({ entities }),
      createServiceFactory({
        service: coreServices.database,
        deps: { plugin: coreServices.pluginMetadata },
        factory: ({ plugin }) =>
          plugin.getId() === 'scaffolder'
            ? {
                getClient: async () => databases.scaffolder,
                migrations: { skip },
              }
            : { getClient: async () => databases.events },
      }),
      createServiceFactory({
        service: coreServices.logger,
        deps: {},
        factory: () => logger,
      }),
      mockServices.rootConfig.factory({
        data: { scaffolder: { ...config } },
      }),
    ],
  });
  const post = async (path: string, body: object): Promise<{ id: string }> => {
    const response = await fetch(`${await gotUrl}/v2/tasks${path}`, {
      method: 'POST',
      headers: {
        Authorization: mockCredentials.user.header(),
        'Content-Type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`POST ${path} answered ${response.status}: ${text}`);
    }
    return JSON.parse(text);
  };
  /** Has a task made of a template, and returns its id. */
  const create = async (template: string): Promise<string> => {
    const { id } = await post('', {
      templateRef: `template:default/${template}`,
      values: { name: userInput },
      secrets: { token: userInput },
    });
    return id;
  };
  // The stock worker misses a task that is made just when it has found none, until it hears of another.
  const hasWorkers = config.concurrentTasksLimit !== 0;
  const nudging = setInterval(() => {
    if (hasWorkers && recorder.hasWaiting()) {
      create('completes').catch(() => {});
    }
  }, nudgeEveryMs);
  nudging.unref();
  return {
    started,
    recorder,
    logger,
    create,
    cancel: (taskId: string) => post(`/${taskId}/cancel`, {}),
    retry: (taskId: string) =>
      post(`/${taskId}/retry`, { secrets: { token: userInput } }),
    async stop() {
      clearInterval(nudging);
      await (await started).stop();
    },
  };
}
