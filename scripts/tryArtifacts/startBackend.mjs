// A Backstage backend in a directory of its own, started and stopped.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startLimitMs = 120_000;
const stopLimitMs = 30_000;

export async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves once the backend says that it is ready; its output goes to `<name>.log`. */
export async function startBackend(directory, name, url) {
  const log = openSync(join(directory, `${name}.log`), 'w');
  const child = spawn(process.execPath, ['index.cjs'], {
    cwd: directory,
    stdio: ['ignore', log, log],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const killed = () => child.kill('SIGKILL');
  process.on('exit', killed);
  const exited = once(child, 'exit').finally(() => process.off('exit', killed));

  const end = Date.now() + startLimitMs;
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`The backend ended at start, see ${name}.log`);
    }
    const ready = await fetch(`${url}/.backstage/health/v1/readiness`).catch(
      () => undefined,
    );
    if (ready?.ok) {
      break;
    }
    if (Date.now() > end) {
      throw new Error(`The backend did not get ready, see ${name}.log`);
    }
    await sleep(200);
  }

  return {
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(killed, stopLimitMs);
      const [code, signal] = await exited;
      clearTimeout(late);
      if (signal === 'SIGKILL') {
        throw new Error(`The backend did not end on SIGTERM, see ${name}.log`);
      }
      return code;
    },
    async kill() {
      killed();
      await exited;
    },
  };
}
