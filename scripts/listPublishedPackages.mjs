// Which packages of the workspace are published: all that are not private.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensureInstalled.mjs';

export function listPublishedPackages() {
  return ['packages', 'plugins'].flatMap(folder =>
    readdirSync(join(root, folder))
      .sort()
      .map(name => join(root, folder, name))
      .filter(directory => existsSync(join(directory, 'package.json')))
      .map(directory => ({
        directory,
        manifest: JSON.parse(
          readFileSync(join(directory, 'package.json'), 'utf-8'),
        ),
      }))
      .filter(({ manifest }) => !manifest.private),
  );
}
