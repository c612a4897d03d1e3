import type { BackendFeature } from '@backstage/backend-plugin-api';
import catalog from '@backstage/plugin-catalog-backend';
import { createFollowerDriver } from './createFollowerDriver';
import { recoveryTask, scanTask } from './followerTasks';
import { HeldTasks } from './HeldTasks';
import { runPortal } from './runPortal';
import { SimulatedClock } from './SimulatedClock';

/**
 * Runs a portal with a catalog that follows GitHub, by the clock that it is told and with scans when it is told.
 *
 * @param features - besides the catalog
 */
export async function runFollower(features: BackendFeature[]): Promise<void> {
  const clock = new SimulatedClock();
  clock.install();
  const tasks = new HeldTasks([scanTask, recoveryTask]);
  await runPortal(staff => [
    ...features,
    catalog,
    tasks.createFactory(),
    createFollowerDriver(staff, { clock, tasks }),
  ]);
}
