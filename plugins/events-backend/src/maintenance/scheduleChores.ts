import type { SchedulerService } from '@backstage/backend-plugin-api';
import type { Chore } from './Chore';

/**
 * Puts chores on the schedule of this process. Replicas need not agree on who does them.
 */
export async function scheduleChores(
  scheduler: SchedulerService,
  chores: readonly Chore[],
): Promise<void> {
  for (const { id, intervalMs, initialDelayMs, run } of chores) {
    await scheduler.scheduleTask({
      id: `callboard-${id}`,
      scope: 'local',
      frequency: { milliseconds: intervalMs },
      timeout: { minutes: 5 },
      initialDelay: { milliseconds: initialDelayMs },
      fn: run,
    });
  }
}
