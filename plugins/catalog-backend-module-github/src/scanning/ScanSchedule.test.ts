import { mockServices } from '@backstage/backend-test-utils';
import { ConflictError } from '@backstage/errors';
import { waitFor } from '../__testUtils__/FollowedPortal';
import { readProviderSettings } from '../settings';
import { ScanSchedule } from './ScanSchedule';

const [settings] = readProviderSettings(
  mockServices.rootConfig({
    data: {
      integrations: { github: [{ host: 'github.com' }] },
      catalog: { providers: { github: { organization: 'acme' } } },
    },
  }),
);
const report = {
  kind: 'full',
  owners: 1,
  repositories: 1,
  requests: 1,
  repairs: 0,
  missing: 0,
  gaps: 0,
} as const;

const schedules: ScanSchedule[] = [];

afterEach(async () => {
  await Promise.all(schedules.splice(0).map(schedule => schedule.stop()));
});

function start(
  scanner: Partial<ConstructorParameters<typeof ScanSchedule>[0]['scanner']>,
) {
  const scheduler = mockServices.scheduler.mock();
  const logger = mockServices.logger.mock();
  const schedule = new ScanSchedule({
    scheduler,
    logger,
    settings,
    scanner: {
      findHaste: async () => undefined,
      noteSeen: async () => {},
      runOnce: async () => report,
      ...scanner,
    },
    lookEveryMs: 1,
  });
  schedules.push(schedule);
  const countTriggers = () => scheduler.triggerTask.mock.calls.length;
  const runTask = () =>
    scheduler.scheduleTask.mock.calls[0][0].fn(new AbortController().signal);
  return { schedule, scheduler, logger, countTriggers, runTask };
}

describe('scans', () => {
  it('run when the schedule says, under the name that the stock provider gives them', async () => {
    const { schedule, scheduler, countTriggers } = start({});
    await schedule.start();
    expect(scheduler.scheduleTask).toHaveBeenCalledWith(
      expect.objectContaining({
        ...settings.schedule,
        id: `${settings.name}:refresh`,
      }),
    );
    expect(countTriggers()).toBe(0);
  });

  it('do not wait for that as long as one is needed', async () => {
    let isNeeded = true;
    const { schedule, scheduler, countTriggers } = start({
      findHaste: async () =>
        isNeeded ? 'The last scan did not end' : undefined,
    });
    await schedule.start();
    expect(countTriggers()).toBe(1);
    await waitFor(() => countTriggers() >= 3);
    isNeeded = false;
    expect(scheduler.triggerTask).toHaveBeenLastCalledWith(
      `${settings.name}:refresh`,
    );
  });

  it('are looked after before it is said that the provider is alive, each time', async () => {
    const calls: string[] = [];
    const { schedule } = start({
      async findHaste() {
        calls.push('look');
        return undefined;
      },
      async noteSeen() {
        calls.push('alive');
      },
    });
    await schedule.start();
    expect(calls).toEqual(['look', 'alive']);
    await waitFor(() => calls.length >= 6);
    expect(calls.slice(0, 6)).toEqual([
      ...['look', 'alive', 'look', 'alive', 'look', 'alive'],
    ]);
  });

  it('that are needed and run already are waited for', async () => {
    let looks = 0;
    const { schedule, scheduler, logger, countTriggers } = start({
      findHaste: async () => {
        looks += 1;
        return 'The last scan did not end';
      },
    });
    scheduler.triggerTask.mockRejectedValue(new ConflictError('running'));
    await schedule.start();
    await waitFor(() => looks > 20);
    expect(countTriggers()).toBeGreaterThan(20);
    expect(logger.info).not.toHaveBeenCalled();
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('go on being looked after when it could not be found out whether one is needed', async () => {
    let looks = 0;
    const { schedule, logger } = start({
      async findHaste() {
        looks += 1;
        if (looks > 1) {
          throw new Error('the database is away');
        }
        return undefined;
      },
    });
    await schedule.start();
    await waitFor(() => looks > 3);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('the database is away'),
    );
  });

  it('that fail are logged, and fail no task', async () => {
    const { schedule, logger, runTask } = start({
      runOnce: () => Promise.reject(new Error('GitHub is away')),
    });
    await schedule.start();
    await runTask();
    expect(logger.error).toHaveBeenCalledWith(
      'The scan failed',
      expect.objectContaining({ message: 'GitHub is away' }),
    );
  });

  it('are ended and waited for when the provider stops', async () => {
    let hasEnded = false;
    const { schedule, logger, runTask } = start({
      runOnce: signal =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () =>
            setImmediate(() => {
              hasEnded = true;
              reject(signal.reason);
            }),
          ),
        ),
    });
    await schedule.start();
    const task = runTask();
    await schedule.stop();
    expect(hasEnded).toBe(true);
    await task;
    expect(logger.error).not.toHaveBeenCalled();
  });
});
