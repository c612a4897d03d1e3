// Does something with a repository of the demo that runs: npm run demo:push, npm run demo:rename, …
import { createRequire } from 'node:module';
import { root } from './ensureInstalled.mjs';

process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
  // Whoever reads the output has seen enough.
  process.exit();
});

const require = createRequire(import.meta.url);
require('@backstage/cli/config/nodeTransform.cjs');
const { main } = require('../packages/demo/src/commands/index.ts');

process.exitCode = await main(root, process.argv.slice(2));
