import { resolvePackagePath } from '@backstage/backend-plugin-api';
import { hear, type LoadResult } from '../messages';
import type { Workbench } from '../Workbench';
import type { Load } from './sendPushes';

const startLimitMs = 30_000;

/**
 * Sends a load from a process of its own.
 *
 * @throws Error when anything but 202 came back
 */
export async function runLoad(
  workbench: Workbench,
  load: Load,
  limitMs: number,
): Promise<LoadResult> {
  const child = workbench.fork(
    resolvePackagePath('benchmarks', 'src/load/sendPushes.ts'),
  );
  try {
    await hear(child, 'ready', startLimitMs);
    const answer = hear(child, 'load', limitMs);
    child.send(load);
    const result = (await answer).load;
    if (result.failures > 0 || result.acknowledged.length === 0) {
      throw new Error(
        `${result.failures} requests were not answered with 202, ${result.acknowledged.length} were`,
      );
    }
    return result;
  } finally {
    await workbench.end(child);
  }
}
