import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from './findFreePort';

const run = promisify(execFile);
const debianRoot = '/usr/lib/postgresql';

/** Where the tools of a PostgreSQL server are; undefined where none is installed. */
function findPostgresTools(): string | undefined {
  const candidates = [
    ...(process.env.POSTGRES_BIN ? [process.env.POSTGRES_BIN] : []),
    ...(existsSync(debianRoot)
      ? readdirSync(debianRoot).map(version => join(debianRoot, version, 'bin'))
      : []),
  ];
  return candidates.find(bin => existsSync(join(bin, 'initdb')));
}

/**
 * Like `describe`, for tests that stop a PostgreSQL server: they need its tools. Skipped where there are none, except in
 * CI, where that is an error.
 *
 * @param define - is given where the tools are
 */
export function describeWithPostgresTools(
  name: string,
  define: (bin: string) => void,
): void {
  const bin = findPostgresTools();
  if (!bin && process.env.CI) {
    throw new Error(
      'CI must test with a PostgreSQL server that it can stop: install one, or set POSTGRES_BIN to its tools',
    );
  }
  const describeIfThere = bin ? describe : describe.skip;
  describeIfThere(name, () => define(String(bin)));
}

/** A PostgreSQL server of the test's own, which may be stopped without hurting anybody. */
export class ThrowawayPostgres {
  readonly connection: {
    host: string;
    port: number;
    user: string;
    database: string;
  };
  readonly #bin: string;
  readonly #directory: string;

  static async create(bin: string): Promise<ThrowawayPostgres> {
    return new ThrowawayPostgres(bin, await findFreePort());
  }

  private constructor(bin: string, port: number) {
    this.#bin = bin;
    this.#directory = mkdtempSync(join(tmpdir(), 'callboard-postgres-'));
    this.connection = {
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'postgres',
    };
    if (userInfo().uid === 0) {
      execFileSync('chown', ['postgres', this.#directory]);
    }
    const data = join(this.#directory, 'data');
    this.#runSync('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres']);
  }

  /** Starts the server; resolves when it takes connections. */
  async start(): Promise<void> {
    await this.#run('pg_ctl', [
      'start',
      '-w',
      '-D',
      join(this.#directory, 'data'),
      '-l',
      join(this.#directory, 'log'),
      '-o',
      `-p ${
        this.connection.port
      } -c listen_addresses=127.0.0.1 -c unix_socket_directories=${
        this.#directory
      }`,
    ]);
  }

  /** Stops the server as a crash would: no checkpoint, connections cut. */
  async crash(): Promise<void> {
    await this.stop('immediate');
  }

  /** Stops the server: in good order, ending sessions and their transactions (`fast`), or as a crash would. */
  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    await this.#run('pg_ctl', [
      'stop',
      '-m',
      mode,
      '-D',
      join(this.#directory, 'data'),
    ]);
  }

  /** Stops the server and removes its data. */
  async dispose(): Promise<void> {
    await this.crash().catch(() => {});
    rmSync(this.#directory, { recursive: true });
  }

  #command(tool: string, args: string[]): [string, string[]] {
    const path = join(this.#bin, tool);
    // The server refuses to run as root.
    return userInfo().uid === 0
      ? ['runuser', ['-u', 'postgres', '--', path, ...args]]
      : [path, args];
  }

  #runSync(tool: string, args: string[]): void {
    const [command, commandArgs] = this.#command(tool, args);
    execFileSync(command, commandArgs, { stdio: 'ignore', cwd: tmpdir() });
  }

  async #run(tool: string, args: string[]): Promise<void> {
    const [command, commandArgs] = this.#command(tool, args);
    await run(command, commandArgs, { cwd: tmpdir() });
  }
}
