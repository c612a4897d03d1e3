import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@backstage/types';
import { findFreePort } from './findFreePort';

/** Events that the portal's subscriber was given, in order. */
export interface HandledEvent {
  pid: number;
  id: string;
}

/** A portal in a process of its own, which can be killed and started again. */
export class PortalProcess {
  readonly url: string;
  readonly secret: string;
  /** Of a service, for the API. */
  readonly token = 'a-token-of-the-test';
  readonly #directory: string;
  #process: ChildProcess | undefined;
  #isDisposed = false;

  /**
   * @param database - SQLite in a directory of the portal's own, or a PostgreSQL server
   * @param topics - that have an ingress open to anybody, besides `github`
   * @param moreConfig - on top of the configuration of the test
   */
  static async create(
    database:
      | 'sqlite'
      | { host: string; port: number; user: string; database: string },
    topics: string[] = [],
    moreConfig: JsonObject = {},
  ): Promise<PortalProcess> {
    const port = await findFreePort();
    return new PortalProcess(database, topics, port, moreConfig);
  }

  private constructor(
    database: Parameters<typeof PortalProcess.create>[0],
    topics: string[],
    port: number,
    moreConfig: JsonObject,
  ) {
    this.#directory = mkdtempSync(join(tmpdir(), 'callboard-fault-'));
    this.url = `http://127.0.0.1:${port}`;
    this.secret = 'a secret of the test';
    const config = {
      app: { baseUrl: this.url },
      backend: {
        baseUrl: this.url,
        listen: { host: '127.0.0.1', port },
        auth: {
          externalAccess: [
            {
              type: 'static',
              options: { token: this.token, subject: 'tests' },
            },
          ],
        },
        database:
          database === 'sqlite'
            ? {
                client: 'better-sqlite3',
                connection: { directory: this.#directory },
              }
            : {
                client: 'pg',
                pluginDivisionMode: 'schema',
                connection: database,
              },
      },
      events: {
        http: { topics },
        subscriptions: { lease: { seconds: 1 } },
        // Nothing is cut on a slow machine while a test is still busy with something else.
        streams: { stallLimit: { minutes: 10 } },
        modules: { github: { webhookSecret: this.secret } },
      },
    };
    // JSON is YAML.
    writeFileSync(this.#configFile, JSON.stringify(config));
    writeFileSync(this.#moreConfigFile, JSON.stringify(moreConfig));
    writeFileSync(this.#handledFile, '');
  }

  /** Whether the portal will not be started again. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Where SQLite keeps the events. */
  get sqliteFile(): string {
    return this.sqliteFileOf('events');
  }

  /** Where SQLite keeps what a plugin has. */
  sqliteFileOf(pluginId: string): string {
    return join(this.#directory, `${pluginId}.sqlite`);
  }

  get #configFile() {
    return join(this.#directory, 'app-config.yaml');
  }

  get #moreConfigFile() {
    return join(this.#directory, 'app-config.more.yaml');
  }

  get #handledFile() {
    return join(this.#directory, 'handled');
  }

  /**
   * Starts the portal; resolves when it is up.
   *
   * @param options.program - what the process runs
   * @param options.env - variables for this life of it
   */
  async start(
    options: {
      program?:
        | 'portal'
        | 'ledgerPortal'
        | 'catalogPortal'
        | 'scaffolderPortal';
      env?: Record<string, string>;
    } = {},
  ): Promise<void> {
    const { program = 'portal', env = {} } = options;
    const child = fork(
      require.resolve(`./${program}.ts`),
      ['--config', this.#configFile, '--config', this.#moreConfigFile],
      {
        execArgv: [
          '--require',
          require.resolve('@backstage/cli/config/nodeTransform.cjs'),
        ],
        env: {
          ...process.env,
          NODE_ENV: 'production',
          LOG_LEVEL: 'error',
          HANDLED_FILE: this.#handledFile,
          ...env,
        },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    this.#process = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The portal ended with ${code} before it was up`);
    });
    ended.catch(() => {});
    // Backstage's development tools talk over the same channel.
    const ready = new Promise<void>(resolveReady => {
      child.on('message', message => {
        if (message === 'ready') {
          resolveReady();
        }
      });
    });
    await Promise.race([ready, ended]);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  }

  /** Kills the portal and removes what it wrote. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }

  /** What the subscriber was given so far, in every life of the portal. */
  readHandled(): HandledEvent[] {
    return this.readLines().map(line => {
      const [pid, id] = line.split(' ');
      return { pid: Number(pid), id };
    });
  }

  /** What the subscriber wrote so far; a line that was not finished when the portal was killed is left out. */
  readLines(): string[] {
    return readFileSync(this.#handledFile, 'utf-8').split('\n').slice(0, -1);
  }

  /** Resident memory of the portal, in megabytes. */
  readMemory(): number {
    const status = readFileSync(`/proc/${this.#process?.pid}/status`, 'utf-8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }
}
