import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DemoFolder, type DemoAccess } from '../DemoFolder';
import { findFreePort } from './findFreePort';

const root = resolve(__dirname, '../../../..');
const scripts = join(root, 'scripts');

/** What `npm start -- --demo` runs, at ports and in a folder of its own. */
export class DemoProcess {
  readonly url: string;
  readonly githubUrl: string;
  readonly #directory: string;
  readonly #configFile: string;
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;

  static async create(): Promise<DemoProcess> {
    return new DemoProcess(await findFreePort(), await findFreePort());
  }

  private constructor(port: number, githubPort: number) {
    this.url = `http://localhost:${port}`;
    this.githubUrl = `http://127.0.0.1:${githubPort}`;
    this.#directory = mkdtempSync(join(tmpdir(), 'callboard-demo-'));
    this.#configFile = join(this.#directory, 'my-config.yaml');
    writeFileSync(
      this.#configFile,
      JSON.stringify({
        app: { baseUrl: this.url },
        backend: { baseUrl: this.url, listen: { port } },
      }),
    );
    this.#environment = {
      ...process.env,
      // People start it in development, which lets guests in.
      NODE_ENV: 'development',
      DEMO_DIRECTORY: join(this.#directory, 'demo'),
      DEMO_PORT: `${githubPort}`,
    };
  }

  /** @returns when it says that it is up */
  async start(): Promise<void> {
    const started = spawn(
      process.execPath,
      [join(scripts, 'start.mjs'), '--demo', '--config', this.#configFile],
      {
        env: this.#environment,
        // A group, with whatever it builds first.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#process = started;
    let said = '';
    await new Promise<void>((isUp, fail) => {
      const listen = (text: Buffer) => {
        said += text;
        if (said.includes('The portal is up')) {
          isUp();
        }
      };
      started.stdout.on('data', listen);
      started.stderr.on('data', listen);
      once(started, 'exit').then(
        () => fail(new Error(`The demo ended: ${said}`)),
        fail,
      );
    });
  }

  /** Ends it without mercy. */
  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process ?? {};
    if (this.#process && pid && exitCode === null && signalCode === null) {
      const ended = once(this.#process, 'exit');
      process.kill(-pid, 'SIGKILL');
      await ended;
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }

  /**
   * Runs one of the commands `npm run demo:<name>`.
   *
   * @returns what it printed
   * @throws Error if it failed
   */
  async run(name: string, ...args: string[]): Promise<string> {
    const command = spawn(
      process.execPath,
      [join(scripts, 'demo.mjs'), name, ...args],
      { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    const listen = (text: Buffer) => {
      said += text;
    };
    command.stdout.on('data', listen);
    command.stderr.on('data', listen);
    const [code] = await once(command, 'close');
    if (code !== 0) {
      throw new Error(`demo:${name} failed: ${said}`);
    }
    return said;
  }

  /** Where its servers are, as its commands read it. */
  readAccess(): DemoAccess {
    return new DemoFolder(root, this.#environment).readAccess();
  }

  /** Asks the portal's API. */
  async get<T>(path: string): Promise<T> {
    const { portal } = this.readAccess();
    const response = await fetch(`${portal.url}${path}`, {
      headers: { Authorization: `Bearer ${portal.token}` },
    });
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    }
    return response.json();
  }
}
