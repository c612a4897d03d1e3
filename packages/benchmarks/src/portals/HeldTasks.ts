import { DefaultSchedulerService } from '@backstage/backend-defaults/scheduler';
import {
  coreServices,
  createServiceFactory,
  type SchedulerService,
  type SchedulerServiceTaskFunction,
} from '@backstage/backend-plugin-api';
import { metricsServiceRef } from '@backstage/backend-plugin-api/alpha';

/** Keeps some tasks from their schedule: they run when they are told to, and whoever tells them waits for their end. */
export class HeldTasks {
  readonly #ids: ReadonlySet<string>;
  readonly #held = new Map<string, SchedulerServiceTaskFunction>();

  /** @param ids - of tasks of any plugin */
  constructor(ids: readonly string[]) {
    this.#ids = new Set(ids);
  }

  /** @throws Error when nobody has scheduled it */
  async run(id: string): Promise<void> {
    const run = this.#held.get(id);
    if (!run) {
      throw new Error(`Nobody has scheduled the task ${id}`);
    }
    await run(new AbortController().signal);
  }

  /** The scheduler of Backstage, which is told of all other tasks. */
  createFactory() {
    return createServiceFactory({
      service: coreServices.scheduler,
      deps: {
        database: coreServices.database,
        httpRouter: coreServices.httpRouter,
        logger: coreServices.logger,
        metrics: metricsServiceRef,
        pluginMetadata: coreServices.pluginMetadata,
        rootLifecycle: coreServices.rootLifecycle,
      },
      factory: services =>
        this.#withhold(DefaultSchedulerService.create(services)),
    });
  }

  #withhold(scheduler: SchedulerService): SchedulerService {
    const scheduleTask: SchedulerService['scheduleTask'] = async task => {
      if (this.#ids.has(task.id)) {
        this.#held.set(task.id, task.fn);
      } else {
        await scheduler.scheduleTask(task);
      }
    };
    return {
      scheduleTask,
      triggerTask: async id => {
        if (!this.#ids.has(id)) {
          await scheduler.triggerTask(id);
        }
      },
      cancelTask: id => scheduler.cancelTask(id),
      getScheduledTasks: () => scheduler.getScheduledTasks(),
      createScheduledTaskRunner: schedule => ({
        run: task => scheduleTask({ ...task, ...schedule }),
      }),
    };
  }
}
