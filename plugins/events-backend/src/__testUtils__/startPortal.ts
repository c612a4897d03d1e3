import type { AddressInfo } from 'node:net';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import { bundleFeatures } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import eventsFeature from '..';

/** A real backend with the events plugin on a given database. */
export async function startPortal(options: {
  knex: Knex;
  config?: JsonObject;
  /** Modules of the events plugin. */
  modules?: BackendFeature[];
  features?: (BackendFeature | Promise<{ default: BackendFeature }>)[];
}) {
  const backend = await startTestBackend({
    features: [
      bundleFeatures(eventsFeature, ...(options.modules ?? [])),
      mockServices.database.factory({ knex: options.knex }),
      mockServices.rootConfig.factory({ data: options.config ?? {} }),
      ...(options.features ?? []),
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  return {
    /** The HTTP server, for tests that look at its sockets. */
    server: backend.server,
    url: `http://127.0.0.1:${port}/api/events`,
    stop: () => backend.stop(),
  };
}
