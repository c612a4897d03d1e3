// Builds all packages that are published, and writes tarballs that need no workspace to artifacts/: npm run pack
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { root } from './ensureInstalled.mjs';
import { listPublishedPackages } from './listPublishedPackages.mjs';
import { run, runBackstageCli } from './run.mjs';

const artifacts = join(root, 'artifacts');
// The Backstage CLI rewrites package.json in place to pack it. In a copy, nobody who works in the tree meets that
// state, and an interrupted run leaves nothing to repair. Within the root, where the CLI finds its dependencies.
const staging = join(artifacts, 'staging');

const packages = listPublishedPackages();

rmSync(artifacts, { recursive: true, force: true });
rmSync(join(root, 'dist-types'), { recursive: true, force: true });
mkdirSync(staging, { recursive: true });

console.log('Declaring types ...');
run(root, process.execPath, [
  join(root, 'node_modules/typescript/bin/tsc'),
  '--project',
  join(root, 'tsconfig.pack.json'),
]);

for (const { directory, manifest } of packages) {
  console.log(`Building ${manifest.name} ...`);
  runBackstageCli(directory, ['package', 'build']);
}

for (const { directory, manifest } of packages) {
  const copy = join(staging, basename(directory));
  for (const file of ['package.json', 'README.md', ...manifest.files]) {
    const from = join(directory, file);
    if (!existsSync(from)) {
      console.error(`${relative(root, directory)} has no ${file}`);
      process.exit(1);
    }
    cpSync(from, join(copy, file), { recursive: true });
  }
  cpSync(join(root, 'LICENSE'), join(copy, 'LICENSE'));
  runBackstageCli(copy, ['package', 'prepack']);
  const [{ filename, files }] = JSON.parse(
    run(
      copy,
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', artifacts],
      { capture: true },
    ),
  );
  console.log(`artifacts/${filename}  ${files.length} files`);
}
rmSync(staging, { recursive: true });
