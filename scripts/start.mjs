// Starts the portal, its frontend built if need be, with secrets of its own, made on the first start.
// npm start -- --demo: with an organization that it follows, at a GitHub that runs in this process too.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { root } from './ensureInstalled.mjs';
import './ensureBuilt.mjs';

const secret = () => randomBytes(32).toString('base64url');

const localConfig = resolve(root, 'app-config.local.yaml');
if (!existsSync(localConfig)) {
  writeFileSync(
    localConfig,
    `# Made by npm start, for this machine only. Git ignores it.
backend:
  auth:
    externalAccess:
      - type: static
        options:
          token: ${secret()}
          subject: local-shell
events:
  modules:
    github:
      webhookSecret: ${secret()}
`,
    { mode: 0o600 },
  );
  console.log('Wrote fresh secrets to app-config.local.yaml');
}

const demoFlag = process.argv.indexOf('--demo');
const isDemo = demoFlag !== -1;
if (isDemo) {
  process.argv.splice(demoFlag, 1);
}

// In this process, so that killing it kills the backend and leaves nothing behind.
process.env.NODE_ENV ??= 'development';
process.chdir(resolve(root, 'packages/backend'));
const configs = [
  '--config',
  '../../app-config.yaml',
  '--config',
  '../../app-config.local.yaml',
];
process.argv.splice(2, 0, ...configs);
const require = createRequire(import.meta.url);
require('@backstage/cli/config/nodeTransform.cjs');

if (isDemo) {
  const { startDemo } = require('../packages/demo/src/index.ts');
  try {
    const demoConfig = await startDemo({ root, argv: process.argv });
    // Before what the command line names, which has the last word.
    process.argv.splice(2 + configs.length, 0, '--config', demoConfig);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

const { started } = require(resolve('src/index.ts'));
// Backstage would stay, listening nowhere.
started.catch(error => {
  console.error(
    error?.code === 'EADDRINUSE'
      ? `Port ${error.port} is taken, perhaps by another portal; README.md tells how to start with another one ("When port 7007 is taken")`
      : error,
  );
  process.exit(1);
});
