import { spawnSync } from 'node:child_process';

/**
 * Whether MkDocs is on this machine.
 *
 * @throws Error when it is not, and CI runs the tests
 */
export function findMkdocs(): boolean {
  if (spawnSync('mkdocs', ['--version']).status === 0) {
    return true;
  }
  const missing =
    'mkdocs is not on the PATH (Debian: apt-get install mkdocs), which tests of real builds need';
  if (process.env.CI) {
    throw new Error(missing);
  }
  process.stderr.write(`${missing}; they are skipped\n`);
  return false;
}
