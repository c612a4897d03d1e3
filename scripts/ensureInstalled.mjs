// Installs the dependencies on a fresh clone, and after the lock file changed. Uses nothing but Node.js and npm.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(fileURLToPath(import.meta.url), '../..');

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(
    `Callboard needs Node.js 20 or later, this is ${process.version}`,
  );
  process.exit(1);
}

const modified = path =>
  statSync(resolve(root, path), { throwIfNoEntry: false })?.mtimeMs;
const installed = modified('node_modules/.package-lock.json');
if (installed === undefined || installed < modified('package-lock.json')) {
  console.log(
    'Installing the dependencies (about five minutes the first time) ...',
  );
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
