// Runs a program in the foreground, for scripts that are a sequence of programs.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { root } from './ensureInstalled.mjs';

/** Ends this process when the program fails; gives back what it printed if `capture` is set. */
export function run(cwd, program, args, { capture = false } = {}) {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf-8',
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
    shell: process.platform === 'win32' && program === 'npm',
  });
  if (status !== 0) {
    console.error(
      `Failed in ${cwd}: ${[program, ...args].join(' ')}${
        error ? ` (${error.message})` : ''
      }`,
    );
    process.exit(status || 1);
  }
  return stdout;
}

const cli = resolve(root, 'node_modules/@backstage/cli/bin/backstage-cli');

export function runBackstageCli(cwd, args, options) {
  return run(cwd, process.execPath, [cli, ...args], options);
}
