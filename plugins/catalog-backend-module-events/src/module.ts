import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { catalogProcessingExtensionPoint } from '@backstage/plugin-catalog-node';
import { catalogSnapshotCreatePermission } from '@callboard/backstage-plugin-events-common';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import {
  ChangeCapture,
  startEmitter,
} from '@callboard/backstage-plugin-events-node/emitting';
import { watchedCatalog, writeSnapshotPage } from './capture';
import { ContractProvider } from './contract';
import { createEntityFilter, createTranslation } from './translating';
import { readSettings } from './settings';
import { createSnapshotRouter } from './snapshot';

/** The catalog writes its entities one by one; relayed one by one, they would take their time from its processing. */
const relayShare = 0.1;
/** How often the contract is read anew; what modules add to it changes only when the events plugin is restarted. */
const readContractEvery = { minutes: 10 };

/**
 * Tells of every change of the catalog: a module of the catalog plugin.
 *
 * @example
 * ```ts
 * backend.add(import('@callboard/backstage-plugin-catalog-backend-module-events'));
 * ```
 *
 * @public
 */
export const catalogModuleEvents = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'callboard-events',
  register(env) {
    env.registerInit({
      deps: {
        catalog: catalogProcessingExtensionPoint,
        events: durableEventsServiceRef,
        auditor: coreServices.auditor,
        auth: coreServices.auth,
        config: coreServices.rootConfig,
        database: coreServices.database,
        discovery: coreServices.discovery,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        permissions: coreServices.permissions,
        permissionsRegistry: coreServices.permissionsRegistry,
        scheduler: coreServices.scheduler,
      },
      async init({ catalog, events, ...services }) {
        const { lifecycle, scheduler } = services;
        const settings = readSettings(services.config);
        const emitter = await startEmitter({
          ...services,
          events,
          capture: new ChangeCapture(
            await services.database.getClient(),
            watchedCatalog,
          ),
          settings,
          translate: createTranslation(
            createEntityFilter(settings.entityRules),
          ),
          // Each entity is written under a lock on its row, so its changes are inserted in the order of their commits.
          order: 'insertions',
          share: relayShare,
          snapshot: {
            writePage: (trx, from) => writeSnapshotPage(trx, from),
            onInstall: settings.onInstall === 'snapshot',
          },
        });
        if (!emitter) {
          return;
        }
        // Providers are connected when the catalog's own migrations have run; this one provides nothing.
        catalog.addEntityProvider({
          getProviderName: () => 'callboard-events',
          connect: () => emitter.onMigrated(),
        });

        if (settings.contract.enabled) {
          const contract = new ContractProvider({
            ...services,
            options: settings.contract,
          });
          catalog.addEntityProvider(contract);
          lifecycle.addStartupHook(() => contract.runOnce());
          await scheduler.scheduleTask({
            id: 'callboard-events-contract',
            scope: 'local',
            frequency: readContractEvery,
            timeout: readContractEvery,
            initialDelay: { seconds: 5 },
            fn: () => contract.runOnce(),
          });
        }

        services.permissionsRegistry.addPermissions([
          catalogSnapshotCreatePermission,
        ]);
        services.httpRouter.use(
          createSnapshotRouter({
            ...services,
            requestSnapshot: () => emitter.requestSnapshot(),
          }),
        );
      },
    });
  },
});
