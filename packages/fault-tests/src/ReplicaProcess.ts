import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { JsonObject } from '@backstage/types';
import type {
  PublishingRecord,
  PublishLoad,
  ReplicaCommand,
  ReplicaRecord,
  ReplicaStart,
  ReplicaSubscription,
} from './replicaProtocol';

/** Where a PostgreSQL server listens. */
export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  database: string;
  /** How long it may take to get a connection, in milliseconds. */
  connectionTimeoutMillis?: number;
}

/** A portal that is reached over HTTP. */
export interface RemotePortal {
  portalUrl: string;
  /** Where the portal finds the replica, whose keys it needs. */
  ownPort: number;
}

/** How a replica is made. */
export interface ReplicaOptions {
  name: string;
  /** The database that it shares with others, or the portal that has the events system in its place. */
  connection: PostgresConnection | RemotePortal;
  subscriptions?: ReplicaSubscription[];
  /** The setting `events` of its configuration; the lease is two seconds unless it says otherwise. */
  events?: JsonObject;
  /** How much its clock is ahead of the machine's, in milliseconds. */
  clockOffsetMs?: number;
}

/** One of several processes that share a PostgreSQL database or a portal, and what it wrote down. */
export class ReplicaProcess {
  readonly name: string;
  /** Complete lines read so far, in the order in which they were written. */
  readonly records: ReplicaRecord[] = [];
  /** Of those, the events that were published. */
  readonly acknowledged: PublishingRecord[] = [];
  readonly #handled = new Map<string, Set<string>>();
  readonly #options: ReplicaOptions;
  readonly #directory: string;
  readonly #decoder = new StringDecoder('utf-8');
  #process: ChildProcess | undefined;
  #offset = 0;
  #partialLine = '';

  constructor(options: ReplicaOptions) {
    this.name = options.name;
    this.#options = options;
    this.#directory = mkdtempSync(join(tmpdir(), 'callboard-replica-'));
    const { connection } = options;
    const remote = 'portalUrl' in connection ? connection : undefined;
    // Any free port unless somebody talks to it.
    const port = remote?.ownPort ?? 0;
    const baseUrl = `http://127.0.0.1:${port}`;
    const config = {
      app: { baseUrl },
      backend: {
        baseUrl,
        listen: { host: '127.0.0.1', port },
        database: remote
          ? { client: 'better-sqlite3', connection: ':memory:' }
          : { client: 'pg', pluginDivisionMode: 'schema', connection },
      },
      ...(remote && {
        discovery: {
          endpoints: [
            {
              target: `${remote.portalUrl}/api/{{pluginId}}`,
              plugins: ['events'],
            },
          ],
        },
      }),
      events: { subscriptions: { lease: { seconds: 2 } }, ...options.events },
    };
    // JSON is YAML.
    writeFileSync(this.#configFile, JSON.stringify(config));
    writeFileSync(this.#recordFile, '');
    writeFileSync(this.#logFile, '');
  }

  get #configFile() {
    return join(this.#directory, 'app-config.yaml');
  }

  get #recordFile() {
    return join(this.#directory, 'records');
  }

  get #logFile() {
    return join(this.#directory, 'log');
  }

  /** Starts the process; resolves when its subscriptions stand. */
  async start(): Promise<void> {
    const { name, subscriptions = [], clockOffsetMs = 0 } = this.#options;
    const start: ReplicaStart = {
      name,
      recordFile: this.#recordFile,
      subscriptions,
      isRemote: 'portalUrl' in this.#options.connection,
    };
    const log = openSync(this.#logFile, 'a');
    const child = fork(
      require.resolve('./replica.ts'),
      ['--config', this.#configFile],
      {
        execArgv: [
          '--require',
          require.resolve('@backstage/cli/config/nodeTransform.cjs'),
          '--require',
          require.resolve('./shiftClock.ts'),
        ],
        env: {
          ...process.env,
          NODE_ENV: 'production',
          LOG_LEVEL: 'info',
          REPLICA: JSON.stringify(start),
          CLOCK_OFFSET_MS: String(clockOffsetMs),
        },
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
    closeSync(log);
    this.#process = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(
        `Replica ${name} ended with ${code} before it was up:\n${this.readLog()}`,
      );
    });
    ended.catch(() => {});
    const ready = new Promise<void>(resolveReady => {
      child.on('message', message => {
        if (message === 'ready') {
          resolveReady();
        }
      });
    });
    await Promise.race([ready, ended]);
  }

  /** Starts to publish; what comes of it is in the records. */
  publish(load: PublishLoad): void {
    this.#send({ command: 'publish', load });
  }

  /** Lets handlers go on that are held. */
  release(): void {
    this.#send({ command: 'release' });
  }

  /** Runs a chore of the events plugin at once. */
  runChore(id: string): void {
    this.#send({ command: 'runChore', id });
  }

  /** kill -STOP. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** kill -CONT. */
  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks the process to stop in good order; resolves when it has ended. */
  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Kills the process and removes what it wrote. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Reads what was written since the last time. */
  read(): ReplicaRecord[] {
    const file = openSync(this.#recordFile, 'r');
    const chunk = Buffer.alloc(1024 * 1024);
    let count = readSync(file, chunk, 0, chunk.length, this.#offset);
    while (count > 0) {
      this.#offset += count;
      const lines = (
        this.#partialLine + this.#decoder.write(chunk.subarray(0, count))
      ).split('\n');
      this.#partialLine = lines.pop() ?? '';
      for (const line of lines) {
        this.#add(JSON.parse(line));
      }
      count = readSync(file, chunk, 0, chunk.length, this.#offset);
    }
    closeSync(file);
    return this.records;
  }

  /** Ids of the events that were handled to the end for a subscription, of those read so far. */
  listHandled(subscription: string): ReadonlySet<string> {
    return this.#handled.get(subscription) ?? new Set();
  }

  #add(record: ReplicaRecord): void {
    this.records.push(record);
    if (record.kind === 'acknowledged') {
      this.acknowledged.push(record);
    } else if (record.kind === 'end') {
      const handled = this.#handled.get(record.subscription) ?? new Set();
      handled.add(record.id);
      this.#handled.set(record.subscription, handled);
    }
  }

  /** What the process logged. */
  readLog(): string {
    return readFileSync(this.#logFile, 'utf-8');
  }

  #send(command: ReplicaCommand): void {
    this.#process?.send(command);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
  }
}
