import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@backstage/types';
import { hear, type Progress } from '../messages';
import type { Workbench } from '../Workbench';

/** Several that start side by side on a busy machine take more than a minute. */
const startLimitMs = 180_000;
const answerLimitMs = 10_000;

/** A backend that is up. */
export interface RunningContestant {
  baseUrl: string;
  child: ChildProcess;
  readProgress(): Promise<Progress>;
  /** Ends it, at once or in an orderly way. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/**
 * Starts the backend of a contestant in a process of its own, on a free port of this machine.
 *
 * @param options.module - of the contestant
 * @param options.config - besides what every contestant is given
 * @param options.nodeOptions - for Node.js itself
 * @param options.profileFolder - where it writes a CPU profile when it ends in an orderly way
 */
export async function startContestant(
  workbench: Workbench,
  options: {
    module: string;
    database: JsonObject;
    config: JsonObject;
    nodeOptions?: readonly string[];
    profileFolder: string | undefined;
  },
): Promise<RunningContestant> {
  const port = await findFreePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'callboard-bench-'));
  const removeFolder = workbench.add(() => rm(folder, { recursive: true }));
  const usual = {
    app: { baseUrl },
    backend: {
      baseUrl,
      listen: { host: '127.0.0.1', port },
      database: options.database,
    },
  };
  const configFiles = await Promise.all(
    [usual, options.config].map(async (config, index) => {
      const file = join(folder, `app-config.${index}.yaml`);
      // JSON is YAML.
      await writeFile(file, JSON.stringify(config));
      return file;
    }),
  );

  const child: ChildProcess = workbench.fork(options.module, {
    args: configFiles.flatMap(file => ['--config', file]),
    environment: { NODE_ENV: 'production', LOG_LEVEL: 'warn' },
    nodeOptions: [
      ...(options.nodeOptions ?? []),
      ...(options.profileFolder
        ? ['--cpu-prof', '--cpu-prof-dir', options.profileFolder]
        : []),
    ],
  });
  await hear(child, 'ready', startLimitMs);

  return {
    baseUrl,
    child,
    async readProgress() {
      const answer = hear(child, 'progress', answerLimitMs);
      child.send('how far?');
      return (await answer).progress;
    },
    async end(signal) {
      await workbench.end(child, signal);
      await removeFolder();
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address
          ? resolve(address.port)
          : reject(new Error('Found no free port')),
      );
    });
  });
}
