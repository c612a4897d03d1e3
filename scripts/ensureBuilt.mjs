// Builds the portal's frontend on a fresh clone, and after what it is made of has changed.
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './ensureInstalled.mjs';
import { runBackstageCli } from './run.mjs';

const app = resolve(root, 'packages/app');
/** Beside what was built: from what that was. */
const stampFile = resolve(app, 'dist/.built-from');
/** There while somebody builds, with the id of that process: two builds at once would spoil each other. */
const lockFile = resolve(root, 'node_modules/.callboard-frontend-build');

/** Of all files that the frontend is made of; the lock file stands for its dependencies. */
function describeSources() {
  const hash = createHash('sha256');
  const files = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => resolve(entry.parentPath ?? entry.path, entry.name))
    .filter(file => !/[\\/](dist|node_modules)[\\/]/.test(file))
    .sort();
  for (const file of [resolve(root, 'package-lock.json'), ...files]) {
    hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const sources = describeSources();

function isBuilt() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf-8') === sources;
}

function isRunning(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

/** @returns whether nobody else has it */
function takeLock() {
  try {
    writeFileSync(lockFile, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
    return false;
  }
}

/** @returns the id of the process that builds; undefined if it has ended by now */
function readHolder() {
  try {
    return Number(readFileSync(lockFile, 'utf-8'));
  } catch {
    return undefined;
  }
}

async function waitForLock() {
  while (!takeLock()) {
    const holder = readHolder();
    if (holder !== undefined && !isRunning(holder)) {
      // It was killed while it built.
      rmSync(lockFile, { force: true });
    }
    await delay(500);
  }
}

if (!isBuilt()) {
  await waitForLock();
  // Another process may have built it meanwhile.
  if (!isBuilt()) {
    console.log('Building the frontend ...');
    // It lists hundreds of files; what is wrong it says elsewhere.
    runBackstageCli(app, ['package', 'build'], { capture: true });
    writeFileSync(stampFile, sources);
  }
  rmSync(lockFile, { force: true });
}
