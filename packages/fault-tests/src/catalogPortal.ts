import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import {
  catalogProcessingExtensionPoint,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import express from 'express';
import Router from 'express-promise-router';
import { provideRequestSchema } from './catalogProtocol';
import { makeRecorder } from './makeRecorder';

/**
 * A portal with the stock catalog and the module that tells of its changes. A subscriber writes each event down, in a
 * file; a provider provides what it is told to, over HTTP.
 */
const provider = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'driver',
  register(env) {
    env.registerInit({
      deps: {
        catalog: catalogProcessingExtensionPoint,
        httpRouter: coreServices.httpRouter,
      },
      async init({ catalog, httpRouter }) {
        let connection: EntityProviderConnection | undefined;
        const name = 'driver';
        catalog.addEntityProvider({
          getProviderName: () => name,
          async connect(given) {
            connection = given;
          },
        });
        const router = Router();
        router.post(
          '/driver',
          express.json({ limit: '50mb' }),
          async (request, response) => {
            const { type, added, removed } = provideRequestSchema.parse(
              request.body,
            );
            const defer = (entity: (typeof added)[number]) => ({
              entity,
              locationKey: name,
            });
            await connection?.applyMutation(
              type === 'full'
                ? { type, entities: added.map(defer) }
                : {
                    type,
                    added: added.map(defer),
                    removed: removed.map(entityRef => ({ entityRef })),
                  },
            );
            response.status(connection ? 204 : 503).end();
          },
        );
        httpRouter.use(router);
      },
    });
  },
});

const backend = createBackend();
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@callboard/backstage-plugin-events-backend'));
backend.add(
  import('@callboard/backstage-plugin-catalog-backend-module-events'),
);
backend.add(provider);
backend.add(makeRecorder('catalog'));
backend.start();
