import { createBackend } from '@backstage/backend-defaults';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import { tell } from '../messages';
import { takeOrders } from '../orders';
import { createBenchPlugin, watchProcess } from './benchPlugin';
import type { Orders, Staff } from './orders';

/**
 * Runs a portal until its process is ended. It publishes and subscribes as it is told.
 *
 * @param createFeatures - the events system, besides the default services
 */
export async function runPortal(
  createFeatures: (staff: Partial<Staff>) => BackendFeature[],
): Promise<void> {
  const staff = watchProcess();
  const backend = createBackend();
  createFeatures(staff).forEach(feature => backend.add(feature));
  backend.add(createBenchPlugin(staff));
  await backend.start();

  takeOrders<Orders>(staff);
  // Nobody is left to end this process.
  process.once('disconnect', () => process.exit());
  tell({ kind: 'ready' });
}
