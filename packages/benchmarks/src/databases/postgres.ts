import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { DatabaseKind } from './BenchmarkDatabase';

const server =
  process.env.BENCH_POSTGRES_CONNECTION_STRING ??
  'postgresql://postgres@127.0.0.1:5432/postgres';

async function connect(connectionString: string) {
  const client = new Client({
    connectionString,
    // With one schema per plugin, see the configuration below.
    options: '-c search_path=events,public',
  });
  await client.connect();
  return {
    async read<TRow>(text: string): Promise<TRow[]> {
      const { rows } = await client.query<TRow>(text);
      return rows;
    },
    end: () => client.end(),
  };
}

async function query<TRow>(
  connectionString: string,
  text: string,
): Promise<TRow[]> {
  const { read, end } = await connect(connectionString);
  try {
    return await read<TRow>(text);
  } finally {
    await end();
  }
}

/** PostgreSQL: a new database for each measurement. */
export const postgres: DatabaseKind = {
  name: 'postgres',

  async describe() {
    try {
      const [settings] = await query<Record<string, string>>(
        server,
        `SELECT current_setting('server_version') AS version,
           current_setting('fsync') AS fsync,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('full_page_writes') AS full_page_writes,
           current_setting('shared_buffers') AS shared_buffers`,
      );
      const { version, ...others } = settings;
      const list = Object.entries(others).map(pair => pair.join(' = '));
      return `PostgreSQL ${version}; ${list.join(', ')}`;
    } catch {
      return undefined;
    }
  },

  async create(workbench) {
    const name = `callboard_bench_${randomBytes(6).toString('hex')}`;
    const creating = query(server, `CREATE DATABASE ${name}`);
    const drop = workbench.add(async () => {
      await creating.catch(() => {});
      await query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    });
    await creating;
    const connection = new URL(server);
    connection.pathname = `/${name}`;
    return {
      config: {
        client: 'pg',
        connection: connection.href,
        pluginDivisionMode: 'schema',
      },
      read: text => query(connection.href, text),
      watch: () => connect(connection.href),
      drop,
    };
  },
};
