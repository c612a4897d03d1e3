import type { BackendFeature } from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import { eventsServiceFactory } from '@callboard/backstage-plugin-events-node';
import type { JsonObject } from '@backstage/types';

/**
 * A real backend without the events plugin, whose discovery finds it at another.
 *
 * @param options.getUrl - of the events plugin, `…/api/events`; asked for each request, so that it may move
 */
export async function startRemoteProcess(options: {
  getUrl: () => string;
  config?: JsonObject;
  features: BackendFeature[];
}) {
  const backend = await startTestBackend({
    features: [
      eventsServiceFactory,
      mockServices.discovery.mock({
        getBaseUrl: async () => options.getUrl(),
      }).factory,
      mockServices.rootConfig.factory({ data: options.config ?? {} }),
      ...options.features,
    ],
  });
  return { stop: () => backend.stop() };
}
