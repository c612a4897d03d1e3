import { createBackend } from '@backstage/backend-defaults';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import { tell } from '../messages';
import { countPushes, readHandled } from './countPushes';

/**
 * Runs a backend with the given features until the process is ended.
 *
 * @param features - besides the default services
 * @param options.subscribes - whether a handler of `github.push` belongs to it
 */
export async function runContestant(
  features: BackendFeature[],
  options: { subscribes: boolean },
): Promise<void> {
  const backend = createBackend();
  features.forEach(feature => backend.add(feature));
  if (options.subscribes) {
    backend.add(countPushes);
  }
  await backend.start();

  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell({
      kind: 'progress',
      progress: { handled: readHandled(), cpuMs: (user + system) / 1_000 },
    });
  });
  // Nobody is left to end this process.
  process.once('disconnect', () => process.exit());
  tell({ kind: 'ready' });
}
