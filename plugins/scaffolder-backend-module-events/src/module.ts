import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import {
  durableEventsServiceRef,
  Outbox,
} from '@callboard/backstage-plugin-events-node';
import { outboxTable, TaskCapture } from './capture';
import { translateChange } from './emitting';
import { boundOutbox } from './maintenance';
import { readSettings } from './settings';
import { TaskEmitter } from './TaskEmitter';

/** How often a process says that it runs, and looks at the bounds of the outbox. */
const tendEvery = { minutes: 10 };

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
      async init({ events, httpRouter, ...services }) {
        const { config, database, lifecycle, logger, scheduler } = services;
        const settings = readSettings(config);
        const knex = await database.getClient();
        const capture = new TaskCapture(knex);
        if (!settings.enabled) {
          await capture.remove();
          await Outbox.drop({ database, table: outboxTable });
          logger.info(
            'Nothing of the module is left in the database of the scaffolder (scaffolder.events.enabled: false); it can be removed from the backend',
          );
          return;
        }

        const emitter = new TaskEmitter({
          capture,
          outbox: await Outbox.create({
            database,
            events,
            logger,
            table: outboxTable,
            translate: translateChange,
          }),
          knex,
          migrates: !database.migrations?.skip,
          logger,
        });
        await emitter.start();
        lifecycle.addStartupHook(() => emitter.settle());
        lifecycle.addShutdownHook(() => emitter.stop());
        // A request that came while the scaffolder started goes on at the same moment as the hook begins.
        httpRouter.use((_request, _response, next) => {
          emitter.settled.then(() => next(), next);
        });

        // Tasks of each process: one that is shared leaves a row in the scaffolder's database.
        await scheduler.scheduleTask({
          id: 'callboard-events-outbox',
          scope: 'local',
          frequency: tendEvery,
          timeout: tendEvery,
          initialDelay: tendEvery,
          async fn() {
            await emitter.tend();
            await boundOutbox({ knex, bounds: settings.outbox, logger });
          },
        });
      },
    });
  },
});
