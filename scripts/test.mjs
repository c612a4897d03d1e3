// Runs the tests on a fresh clone too: installs, looks for a PostgreSQL server, and hands everything to the Backstage CLI.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { root } from './ensureInstalled.mjs';

const variable = 'BACKSTAGE_TEST_DATABASE_POSTGRES15_CONNECTION_STRING';
const candidate = 'postgresql://postgres@127.0.0.1:5432/postgres';

async function findPostgres() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: candidate,
    connectionTimeoutMillis: 3_000,
  });
  try {
    await client.connect();
    await client.end();
    return candidate;
  } catch {
    return undefined;
  }
}

const connectionString = process.env[variable] ?? (await findPostgres());
if (connectionString) {
  console.log('Testing on SQLite and PostgreSQL');
} else if (process.env.CI) {
  console.error(
    `CI must test on PostgreSQL: start one at 127.0.0.1:5432, or set ${variable}`,
  );
  process.exit(1);
} else {
  console.log(
    `Testing on SQLite only. For PostgreSQL too, start one at 127.0.0.1:5432 or set ${variable}.`,
  );
}

const tests = spawn(
  process.execPath,
  [
    resolve(root, 'node_modules/@backstage/cli/bin/backstage-cli'),
    'repo',
    'test',
    '--watch=false',
    '--testTimeout=120000',
    // Each worker holds some thirty connections to PostgreSQL, which allows a hundred unless told otherwise.
    '--maxWorkers=2',
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      BACKSTAGE_TEST_DISABLE_DOCKER: '1',
      ...(connectionString && { [variable]: connectionString }),
    },
  },
);
tests.on('exit', code => process.exit(code ?? 1));
