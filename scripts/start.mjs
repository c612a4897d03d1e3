// Starts the portal's backend with secrets of its own, made on the first start.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './ensureInstalled.mjs';

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

const backend = spawn(
  process.execPath,
  [
    resolve(root, 'node_modules/@backstage/cli/bin/backstage-cli'),
    'package',
    'start',
    '--config',
    '../../app-config.yaml',
    '--config',
    '../../app-config.local.yaml',
    ...process.argv.slice(2),
  ],
  { cwd: resolve(root, 'packages/backend'), stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => backend.kill(signal));
}
backend.on('exit', code => process.exit(code ?? 1));
