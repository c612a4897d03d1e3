import type {
  DatabaseService,
  LifecycleService,
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import type { IngressService } from '@callboard/backstage-plugin-events-node';
import type { GithubService } from '@callboard/backstage-plugin-github-node';
import { GithubRecovery } from './GithubRecovery';
import { HookRecovery } from './HookRecovery';
import { HookLog, type HookTarget } from './hooks';
import type { RecoverySettings } from './readRecoverySettings';
import { RecoveryTelemetry } from './RecoveryTelemetry';
import { RecoveryStore } from './store';

const taskId = 'callboard-github-recovery';

/** The portal's own door opens first. */
const initialDelayMs = 5_000;

/**
 * Puts the recovery of webhooks on the schedule, for one replica at a time, unless there is nothing to recover from, or it
 * is not wanted; and sees to it that there is a turn soon after each start.
 */
export async function scheduleRecovery(options: {
  settings: RecoverySettings;
  github: GithubService;
  ingresses: IngressService;
  database: DatabaseService;
  lifecycle: LifecycleService;
  logger: LoggerService;
  scheduler: SchedulerService;
}): Promise<void> {
  const { settings, github, ingresses, lifecycle, logger, scheduler } = options;
  const targets = [
    ...github.listApps().map((app): HookTarget => ({ kind: 'app', ...app })),
    ...settings.hooks,
  ];
  if (settings.enabled === false) {
    return;
  }
  if (targets.length === 0) {
    logger.info(
      'Webhooks of GitHub that did not arrive are not fetched later: there is neither an app in integrations.github[].apps nor a webhook in events.modules.github.recovery.hooks to ask GitHub about',
    );
    return;
  }
  const ingress = { known: settings.url, baseUrl: settings.baseUrl };
  const store = await RecoveryStore.open(options.database);
  const recovery = new GithubRecovery({
    hooks: targets.map(
      target =>
        new HookRecovery({
          hook: new HookLog({ target, ingress, github }),
          store,
          ingresses,
        }),
    ),
    store,
    maxDeliveries: settings.maxDeliveries,
    timeoutMs: settings.timeoutMs,
    telemetry: new RecoveryTelemetry(),
    logger,
  });
  await recovery.begin();
  await scheduler.scheduleTask({
    id: taskId,
    scope: 'global',
    frequency: { milliseconds: settings.frequencyMs },
    timeout: { milliseconds: settings.timeoutMs },
    initialDelay: { milliseconds: initialDelayMs },
    fn: signal => recovery.runOnce(signal),
  });
  lifecycle.addStartupHook(() => {
    // Its next turn may be minutes away: the schedule outlives the process. It fails if another replica has the turn.
    scheduler
      .triggerTask(taskId)
      .catch(error =>
        logger.debug(`The recovery of webhooks waits for its turn: ${error}`),
      );
  });
  lifecycle.addShutdownHook(() => recovery.stop());
}
