import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import {
  ChangeCapture,
  startEmitter,
} from '@callboard/backstage-plugin-events-node/emitting';
import { watchedScaffolder } from './capture';
import { translateChange } from './translating';
import { readSettings } from './settings';

/**
 * Tells of every change of a task's status: a module of the scaffolder plugin.
 *
 * @example
 * ```ts
 * backend.add(import('@callboard/backstage-plugin-scaffolder-backend-module-events'));
 * ```
 *
 * @public
 */
export const scaffolderModuleEvents = createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'callboard-events',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        database: coreServices.database,
        events: durableEventsServiceRef,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        scheduler: coreServices.scheduler,
      },
      async init({ httpRouter, ...services }) {
        const emitter = await startEmitter({
          ...services,
          capture: new ChangeCapture(
            await services.database.getClient(),
            watchedScaffolder,
          ),
          settings: readSettings(services.config),
          translate: translateChange,
          // Each task is written under a lock on its row, so its changes are inserted in the order of their commits.
          order: 'insertions',
        });
        if (!emitter) {
          return;
        }
        // The scaffolder's own migrations have run then, and its workers begin when all plugins have started.
        services.lifecycle.addStartupHook(() => emitter.onMigrated());
        // A request that came while the scaffolder started goes on at the same moment as the hook begins.
        httpRouter.use((_request, _response, next) => {
          emitter.migrated.then(() => next(), next);
        });
      },
    });
  },
});
