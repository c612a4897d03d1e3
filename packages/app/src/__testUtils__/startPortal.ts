import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../../..');

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') {
    throw new Error('The system gave no port');
  }
  return address.port;
}

/**
 * Runs what `npm start` runs, on an empty database and at a port of its own, until it says that it is up.
 *
 * @param stops - is given what takes everything down again, whether the portal comes up or not
 * @returns its address
 */
export async function startPortal(
  stops: (() => Promise<void>)[],
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'callboard-portal-'));
  stops.push(() => rm(directory, { recursive: true }));
  const port = await findFreePort();
  const url = `http://localhost:${port}`;
  const config = join(directory, 'app-config.yaml');
  await writeFile(
    config,
    JSON.stringify({
      app: { baseUrl: url },
      backend: {
        baseUrl: url,
        listen: { port },
        database: { connection: { directory: join(directory, 'data') } },
      },
    }),
  );
  const portal = spawn(
    process.execPath,
    [join(root, 'scripts/start.mjs'), '--config', config],
    // It is in development when people start it, which lets guests in.
    {
      env: { ...process.env, NODE_ENV: 'development' },
      // A group, with whatever it builds first.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = once(portal, 'exit');
  stops.push(async () => {
    if (portal.pid !== undefined && portal.exitCode === null) {
      process.kill(-portal.pid, 'SIGKILL');
    }
    await ended;
  });
  let said = '';
  await new Promise<void>((isUp, fail) => {
    const listen = (text: Buffer) => {
      said += text;
      if (said.includes('The portal is up')) {
        isUp();
      }
    };
    portal.stdout.on('data', listen);
    portal.stderr.on('data', listen);
    ended.then(() => fail(new Error(`The portal ended: ${said}`)), fail);
  });
  return url;
}
