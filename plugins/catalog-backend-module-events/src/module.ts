import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { catalogProcessingExtensionPoint } from '@backstage/plugin-catalog-node';
import { catalogSnapshotCreatePermission } from '@callboard/backstage-plugin-events-common';
import {
  durableEventsServiceRef,
  Outbox,
} from '@callboard/backstage-plugin-events-node';
import { CatalogEmitter } from './CatalogEmitter';
import { ChangeCapture, outboxTable } from './capture';
import { ContractProvider } from './contract';
import { createEntityFilter, createTranslation } from './emitting';
import { boundOutbox } from './maintenance';
import { readSettings } from './settings';
import { createSnapshotRouter } from './snapshot';

/** How often a process says that it runs, and looks at the bounds of the outbox. */
const tendEvery = { minutes: 10 };
/** The catalog writes its entities one by one; relayed one by one, they would take their time from its processing. */
const gatherMs = 50;
/** How often the contract is read anew; what modules add to it changes only when the events plugin is restarted. */
const readContractEvery = { minutes: 1 };

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
        const { config, database, lifecycle, logger, scheduler } = services;
        const settings = readSettings(config);
        const knex = await database.getClient();
        const capture = new ChangeCapture(knex);
        if (!settings.enabled) {
          await capture.remove();
          await Outbox.drop({ database, table: outboxTable });
          logger.info(
            'Nothing of the module is left in the database of the catalog (catalog.events.enabled: false); it can be removed from the backend',
          );
          return;
        }

        const outbox = await Outbox.create({
          database,
          events,
          logger,
          table: outboxTable,
          translate: createTranslation(
            createEntityFilter(settings.entityRules),
          ),
          maxPayloadBytes: settings.maxPayloadBytes,
          // Each entity is written under a lock on its row, so its changes are inserted in the order of their commits.
          order: 'insertions',
          gatherMs,
        });
        const emitter = new CatalogEmitter({
          capture,
          outbox,
          knex,
          onInstall: settings.onInstall,
          migrates: !database.migrations?.skip,
          logger,
        });
        await emitter.start();
        lifecycle.addShutdownHook(() => emitter.stop());
        catalog.addEntityProvider(emitter);

        // Tasks of each process: one that is shared leaves a row in the catalog's database.
        await scheduler.scheduleTask({
          id: 'callboard-events-outbox',
          scope: 'local',
          frequency: tendEvery,
          timeout: tendEvery,
          initialDelay: tendEvery,
          async fn() {
            await capture.sayAlive();
            await boundOutbox({ knex, bounds: settings.outbox, logger });
          },
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
            snapshot: () => capture.snapshot(),
          }),
        );
      },
    });
  },
});
