// Plays many random interleavings of what publishers and readers do, and checks the promises: npm run test:soak
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './ensureInstalled.mjs';

const databases = { sqlite: 'SQLITE_FILE', postgres: 'POSTGRES_15' };
const usage = `npm run test:soak -- [options]

  --count <n>      interleavings, half of them on each database (10000)
  --database <id>  only on one: ${Object.keys(databases).join(' or ')}
  --commands <n>   commands of the longest interleaving (30)
  --seed <n>       everything random follows from it (the time)
  --path <path>    plays one interleaving of the seed, as a failure names it`;

function fail(message) {
  console.error(`${message}\n\n${usage}`);
  process.exit(1);
}

function readOptions() {
  const text = { type: 'string' };
  try {
    return parseArgs({
      options: {
        count: { ...text, default: '10000' },
        database: text,
        commands: text,
        seed: text,
        path: text,
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const { count, database, commands, seed, path } = readOptions();
for (const [name, value] of Object.entries({ count, commands, seed })) {
  if (value !== undefined && !/^-?\d+$/.test(value)) {
    fail(`--${name} must be a whole number, got '${value}'`);
  }
}
if (database !== undefined && !(database in databases)) {
  fail(`There is no database '${database}'`);
}
if (path !== undefined && (seed === undefined || !/^\d+(:\d+)*$/.test(path))) {
  fail('--path is what a failure names, and goes with its --seed');
}

const share = database === undefined ? 2 : 1;
const settings = {
  CALLBOARD_SOAK_COUNT: `${Math.ceil(Number(count) / share)}`,
  CALLBOARD_SOAK_DATABASE: databases[database],
  CALLBOARD_SOAK_COMMANDS: commands,
  CALLBOARD_SOAK_SEED: seed ?? `${Date.now() % 2 ** 31}`,
  CALLBOARD_SOAK_PATH: path,
};
const soak = spawn(
  process.execPath,
  [
    resolve(root, 'scripts/test.mjs'),
    'plugins/events-backend/src/promises.model.test.ts',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...Object.fromEntries(
        Object.entries(settings).filter(([, value]) => value !== undefined),
      ),
    },
  },
);
soak.on('exit', code => process.exit(code ?? 1));
