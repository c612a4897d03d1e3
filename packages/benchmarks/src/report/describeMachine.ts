import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** The machine, its system and Node.js, a line for each. */
export function describeMachine(): string[] {
  const processors = cpus();
  const gibibytes = totalmem() / 1024 ** 3;
  return [
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Machine: ${processors[0].model.trim()}, ${
      processors.length
    } cores, ${gibibytes.toFixed(0)} GiB memory`,
    `System: ${type()} ${release()}`,
    `Node.js: ${process.version}`,
  ];
}

/** The versions of packages as they are installed. */
export function describePackages(names: readonly string[]): string[] {
  return names.map(name => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(require.resolve(`${name}/package.json`), 'utf-8'),
    );
    return `${name} ${manifest.version}`;
  });
}
