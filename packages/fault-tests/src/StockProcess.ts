import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findFreePort } from './findFreePort';

const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('stopped'), attempts: z.number() }),
  z.object({ kind: z.literal('published'), number: z.number() }),
  z.object({
    kind: z.literal('received'),
    topic: z.string(),
    payload: z.unknown(),
  }),
]);
type Message = z.infer<typeof messageSchema>;

/** A backend with the stock events service in a process of its own; see `stock.ts`. */
export class StockProcess {
  readonly url: string;
  /** Numbers whose `publish` has resolved, in order. */
  readonly published: number[] = [];
  /** What its handler was given, in order. */
  readonly received: { topic: string; payload: unknown }[] = [];
  readonly #directory: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  static async create(): Promise<StockProcess> {
    return new StockProcess(await findFreePort());
  }

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#directory = mkdtempSync(join(tmpdir(), 'callboard-stock-'));
  }

  /**
   * Starts it; resolves when it is up.
   *
   * @param portalUrl - where the plugin `events` is
   */
  async start(portalUrl: string): Promise<void> {
    const configFile = join(this.#directory, 'app-config.yaml');
    const config = {
      app: { baseUrl: this.url },
      backend: {
        baseUrl: this.url,
        listen: { host: '127.0.0.1', port: this.#port },
        database: { client: 'better-sqlite3', connection: ':memory:' },
      },
      // Otherwise it gives the bus up for good at the first 404, which a portal answers in the first moments of its start.
      events: { useEventBus: 'always' },
      discovery: {
        endpoints: [
          { target: `${portalUrl}/api/{{pluginId}}`, plugins: ['events'] },
        ],
      },
    };
    // JSON is YAML.
    writeFileSync(configFile, JSON.stringify(config));
    const child = fork(
      require.resolve('./stock.ts'),
      ['--config', configFile],
      {
        execArgv: [
          '--require',
          require.resolve('@backstage/cli/config/nodeTransform.cjs'),
        ],
        env: { ...process.env, NODE_ENV: 'production', LOG_LEVEL: 'error' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    this.#process = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The stock process ended with ${code} before it was up`);
    });
    ended.catch(() => {});
    const ready = this.#waitFor('ready');
    child.on('message', raw => {
      const { data: message } = messageSchema.safeParse(raw);
      if (message?.kind === 'published') {
        this.published.push(message.number);
      } else if (message?.kind === 'received') {
        this.received.push({ topic: message.topic, payload: message.payload });
      }
    });
    await Promise.race([ready, ended]);
  }

  /** Lets it publish 0, 1, 2 … until it is told to stop. */
  publish(): void {
    this.#process?.send('publish');
  }

  /** Resolves when the last number has been published, to how often it called `publish`. */
  async stopPublishing(): Promise<number> {
    const stopped = this.#waitFor('stopped');
    this.#process?.send('stop');
    const message = await stopped;
    return message.kind === 'stopped' ? message.attempts : 0;
  }

  /** Kills it and removes what it wrote. */
  async dispose(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    rmSync(this.#directory, { recursive: true });
  }

  #waitFor(kind: Message['kind']): Promise<Message> {
    return new Promise(resolve => {
      const child = this.#process;
      const listen = (raw: unknown) => {
        const { data: message } = messageSchema.safeParse(raw);
        if (message?.kind === kind) {
          child?.off('message', listen);
          resolve(message);
        }
      };
      child?.on('message', listen);
    });
  }
}
