// Builds the portal's frontend on a fresh clone, and after what it is made of has changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './ensureInstalled.mjs';
import { runBackstageCli } from './run.mjs';

const app = resolve(root, 'packages/app');
/** Beside what was built: from what that was. */
const stampFile = resolve(app, 'dist/.built-from');

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
const built = existsSync(stampFile)
  ? readFileSync(stampFile, 'utf-8')
  : undefined;
if (built !== sources) {
  console.log('Building the frontend ...');
  // It lists hundreds of files; what is wrong it says elsewhere.
  runBackstageCli(app, ['package', 'build'], { capture: true });
  writeFileSync(stampFile, sources);
}
