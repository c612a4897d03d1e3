import type {
  DatabaseService,
  LifecycleService,
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import type { EventsService } from '@backstage/plugin-events-node';
import { Outbox, type OutboxOrder, type TranslateRow } from '../outbox';
import { boundOutbox } from './boundOutbox';
import { ChangeCapture } from './ChangeCapture';
import { Emitter, type FirstSnapshot } from './Emitter';
import { nameObjects } from './names';
import type { EmitterSettings } from './readEmitterSettings';

/** How often a process says that it runs, and looks at the bounds of the outbox. */
const tendEvery = { minutes: 10 };

/**
 * Starts an emitter, until its plugin is shut down. If it is not enabled, everything that it made is removed from the
 * database.
 *
 * @param options.translate - makes events of what the triggers wrote
 * @param options.order - in which rows are relayed, as for `Outbox.create`; likewise `share`, of the time for it
 * @param options.firstSnapshot - tells of what is there when the triggers are first made; by default nothing is told
 * @returns the emitter, whose `onMigrated` is to be called when the migrations of the plugin have run; undefined when it is
 *   not enabled
 * @throws Error when the triggers cannot be made
 */
export async function startEmitter(options: {
  capture: ChangeCapture;
  settings: EmitterSettings;
  translate: TranslateRow;
  order?: OutboxOrder;
  share?: number;
  firstSnapshot?: FirstSnapshot;
  events: EventsService;
  database: DatabaseService;
  lifecycle: LifecycleService;
  logger: LoggerService;
  scheduler: SchedulerService;
}): Promise<Emitter | undefined> {
  const { capture, settings, translate, order, share } = options;
  const { firstSnapshot, events, database, lifecycle, logger, scheduler } =
    options;
  const { pluginId, words } = capture.plugin;
  const { outboxTable: table } = nameObjects(pluginId);
  if (!settings.enabled) {
    await capture.remove();
    await Outbox.drop({ database, table });
    logger.info(
      `Nothing of the module is left in the database of ${words.plugin} (${pluginId}.events.enabled: false); it can be removed from the backend`,
    );
    return undefined;
  }

  const knex = await database.getClient();
  const emitter = new Emitter({
    capture,
    outbox: await Outbox.create({
      database,
      events,
      logger,
      table,
      translate,
      maxPayloadBytes: settings.maxPayloadBytes,
      order,
      share,
    }),
    knex,
    firstSnapshot,
    migrates: !database.migrations?.skip,
    logger,
  });
  await emitter.start();
  lifecycle.addShutdownHook(() => emitter.stop());

  // A task of each process: one that is shared leaves a row in the plugin's database.
  await scheduler.scheduleTask({
    id: 'callboard-events-outbox',
    scope: 'local',
    frequency: tendEvery,
    timeout: tendEvery,
    initialDelay: tendEvery,
    async fn() {
      await emitter.tend();
      await boundOutbox({
        knex,
        plugin: capture.plugin,
        bounds: settings.outbox,
        logger,
      });
    },
  });
  return emitter;
}
