import type { AddressInfo } from 'node:net';
import {
  coreServices,
  createBackendPlugin,
  createServiceFactory,
  type BackendFeature,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import catalogBackend from '@backstage/plugin-catalog-backend';
import type { JsonObject } from '@backstage/types';
import eventsBackend from '@callboard/backstage-plugin-events-backend';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import catalogModuleEvents from '..';
import { EntityReplica } from './EntityReplica';
import { TestProvider } from './TestProvider';

/** Databases of a portal, one for each plugin that needs one. */
export interface PortalDatabases {
  catalog: Knex;
  events: Knex;
}

/** A real backend with the stock catalog, Callboard, and a consumer that builds a replica of the catalog. */
export async function startCatalog(options: {
  databases: PortalDatabases;
  config?: JsonObject;
  features?: BackendFeature[];
  /** False for a catalog without the module. */
  module?: boolean;
}) {
  const { databases, config = {}, features = [], module = true } = options;
  const replica = new EntityReplica();
  const provider = new TestProvider();
  const logger = mockServices.logger.mock();
  logger.child.mockImplementation(() => logger);
  const consumer = createBackendPlugin({
    pluginId: 'consumer',
    register: env =>
      env.registerInit({
        deps: { events: durableEventsServiceRef },
        init: ({ events }) =>
          events.subscribe({
            id: 'replica',
            topics: ['catalog'],
            startAt: 'beginning',
            onEvent: replica.onEvent,
          }),
      }),
  });
  const backend = await startTestBackend({
    features: [
      eventsBackend,
      catalogBackend,
      provider.feature,
      consumer,
      ...(module ? [catalogModuleEvents] : []),
      createServiceFactory({
        service: coreServices.database,
        deps: { plugin: coreServices.pluginMetadata },
        factory: ({ plugin }) => ({
          getClient: async () =>
            plugin.getId() === 'catalog' ? databases.catalog : databases.events,
        }),
      }),
      createServiceFactory({
        service: coreServices.logger,
        deps: {},
        factory: () => logger,
      }),
      mockServices.rootConfig.factory({
        data: {
          ...config,
          catalog: {
            // What the stock catalog reads by default is not on this machine.
            locations: [],
            ...(config.catalog as JsonObject | undefined),
          },
        },
      }),
      ...features,
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/api`;
  return { url, replica, provider, logger, stop: () => backend.stop() };
}
