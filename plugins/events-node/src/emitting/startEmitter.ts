import type {
  DatabaseService,
  LifecycleService,
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import { stringifyError } from '@backstage/errors';
import type { EventsService } from '@backstage/plugin-events-node';
import { Outbox, type OutboxOrder, type TranslateRow } from '../outbox';
import { boundOutbox } from './boundOutbox';
import { ChangeCapture } from './ChangeCapture';
import { Emitter } from './Emitter';
import { nameObjects } from './names';
import type { EmitterSettings } from './readEmitterSettings';
import type { Snapshot } from './SnapshotTaker';

/** How often a process says that it runs, and looks at the bounds of the outbox. */
const tendEvery = { minutes: 10 };

/**
 * Starts an emitter, until its plugin is shut down. If it is not enabled, everything that it made is removed from the
 * database.
 *
 * @param options.translate - makes events of what the triggers wrote
 * @param options.order - in which rows are relayed, as for `Outbox.create`; likewise `share`, of the time for it
 * @param options.snapshot - tells of what is there already; without it nothing is told
 * @returns the emitter, whose `onMigrated` is to be called when the migrations of the plugin have run; undefined when it is
 *   not enabled
 * @throws Error when the tables cannot be made, or may not be (`skipMigrations`) and are not there, with the remedy
 */
export async function startEmitter(options: {
  capture: ChangeCapture;
  settings: EmitterSettings;
  translate: TranslateRow;
  order?: OutboxOrder;
  share?: number;
  snapshot?: Snapshot;
  events: EventsService;
  database: DatabaseService;
  lifecycle: LifecycleService;
  logger: LoggerService;
  scheduler: SchedulerService;
}): Promise<Emitter | undefined> {
  const { capture, settings, translate, order, share } = options;
  const { snapshot, events, database, lifecycle, logger, scheduler } = options;
  const { pluginId } = capture.plugin;
  const { outboxTable: table } = nameObjects(pluginId);
  if (!settings.enabled) {
    await removeEmitter(options);
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
      // While an update is rolled out, triggers of the later version write for processes of both.
      format: pluginId,
      maxPayloadBytes: settings.maxPayloadBytes,
      order,
      share,
    }),
    knex,
    snapshot,
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
      if (await emitter.tend()) {
        await boundOutbox({
          knex,
          plugin: capture.plugin,
          bounds: settings.outbox,
          logger,
        });
      }
    },
  });
  return emitter;
}

/** Removes everything; whatever keeps it from that keeps nothing else, and it is tried again. */
async function removeEmitter(options: {
  capture: ChangeCapture;
  database: DatabaseService;
  logger: LoggerService;
  scheduler: SchedulerService;
}): Promise<void> {
  const { capture, database, logger, scheduler } = options;
  const { pluginId, words } = capture.plugin;
  const { outboxTable: table } = nameObjects(pluginId);
  const remove = async () => {
    try {
      await capture.remove();
      await Outbox.drop({ database, table });
      logger.info(
        `Nothing of the module is left in the database of ${words.plugin} (${pluginId}.events.enabled: false); it can be removed from the backend`,
      );
      return true;
    } catch (error) {
      logger.error(
        `The module could not be removed from the database of ${
          words.plugin
        } (${pluginId}.events.enabled: false); it is tried again: ${stringifyError(
          error,
        )}`,
      );
      return false;
    }
  };
  let isGone = await remove();
  if (!isGone) {
    await scheduler.scheduleTask({
      id: 'callboard-events-removal',
      scope: 'local',
      frequency: tendEvery,
      timeout: tendEvery,
      initialDelay: tendEvery,
      async fn() {
        isGone ||= await remove();
      },
    });
  }
}
