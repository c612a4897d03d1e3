// Proves the tarballs of `npm run pack` in a Backstage backend outside this repository, made from published packages:
// first with the stock events backend, then with that one line replaced by Callboard's, at last with a catalog that tells of
// its changes: npm run try-artifacts
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { root } from './ensureInstalled.mjs';
import { listPublishedPackages } from './listPublishedPackages.mjs';
import { run } from './run.mjs';
import { makeGithubPush, makeGitlabPush } from './tryArtifacts/senders.mjs';
import { findFreePort, startBackend } from './tryArtifacts/startBackend.mjs';

const handlingLimitMs = 30_000;
const quietMs = 2_000;
const topics = ['github', 'github.push', 'gitlab', 'gitlab.push'];

const artifacts = join(root, 'artifacts');
const ours = listPublishedPackages()
  .filter(({ manifest }) => !manifest.name.endsWith('-test-utils'))
  .map(({ manifest: { name, version } }) => ({
    name,
    tarball: join(
      artifacts,
      `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
    ),
  }));
const missing = ours.find(({ tarball }) => !existsSync(tarball));
if (missing) {
  console.error(`${missing.tarball} is missing; run npm run pack first`);
  process.exit(1);
}

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'callboard-try-')));
const files = join(root, 'scripts/tryArtifacts');
const received = join(directory, 'received.jsonl');
const port = await findFreePort();
const url = `http://127.0.0.1:${port}`;
const secret = () => randomBytes(24).toString('base64url');
const secrets = { github: secret(), gitlab: secret(), token: secret() };

function install() {
  console.log(`Installing published packages and our tarballs ...`);
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({
      name: 'try-artifacts',
      private: true,
      dependencies: {
        '@backstage/backend-defaults': '^0.18.0',
        '@backstage/backend-plugin-api': '^1.10.1',
        '@backstage/plugin-catalog-backend': '^4.0.0',
        '@backstage/plugin-events-backend': '^0.6.6',
        '@backstage/plugin-events-backend-module-github': '^0.4.16',
        '@backstage/plugin-events-backend-module-gitlab': '^0.3.14',
        '@backstage/plugin-events-node': '^0.4.26',
        'better-sqlite3': '^12.0.0',
        ...Object.fromEntries(
          ours.map(({ name, tarball }) => [name, `file:${tarball}`]),
        ),
      },
      allowScripts: { 'better-sqlite3': true },
    }),
  );
  run(directory, 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ]);
  for (const { name } of ours) {
    const installed = join(directory, 'node_modules', name);
    assert(
      lstatSync(installed).isDirectory(),
      `${name} is a link and not the tarball's content`,
    );
  }
  copyFileSync(join(files, 'recorder.cjs'), join(directory, 'recorder.cjs'));
  writeFileSync(
    join(directory, 'app-config.yaml'),
    stringify({
      backend: {
        baseUrl: url,
        listen: { host: '127.0.0.1', port },
        database: {
          client: 'better-sqlite3',
          connection: { directory: join(directory, 'data') },
        },
        auth: {
          externalAccess: [
            {
              type: 'static',
              options: { token: secrets.token, subject: 'try-artifacts' },
            },
          ],
        },
      },
      events: {
        modules: {
          github: { webhookSecret: secrets.github },
          gitlab: { webhookSecret: secrets.gitlab },
        },
      },
      recorder: { file: received },
    }),
  );
}

async function post({ topic, body, headers }, round) {
  const response = await fetch(`${url}/api/events/http/${topic}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Round': round,
      ...headers,
    },
    body,
  });
  return `${response.status} ${await response.text()}`;
}

function readReceived(round) {
  return existsSync(received)
    ? readFileSync(received, 'utf-8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
        .filter(event => event.round === round)
    : [];
}

async function listTopicsInLog() {
  const response = await fetch(`${url}/api/events/v1/events?limit=100`, {
    headers: { Authorization: `Bearer ${secrets.token}` },
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { items } = await response.json();
  return items.map(({ topic }) => topic).sort();
}

async function checkWebhooks(round) {
  for (const refused of [makeGithubPush('wrong'), makeGitlabPush('wrong')]) {
    const answer = await post(refused, round);
    console.log(`  ${refused.topic}, wrong secret: ${answer}`);
    assert.match(answer, /^403 /);
  }
  for (const push of [
    makeGithubPush(secrets.github),
    makeGitlabPush(secrets.gitlab),
  ]) {
    const answer = await post(push, round);
    console.log(`  ${push.topic}: ${answer}`);
    assert.equal(answer, '202 {"status":"accepted"}');
  }
  const end = Date.now() + handlingLimitMs;
  while (readReceived(round).length < topics.length && Date.now() < end) {
    await sleep(50);
  }
  // Whatever comes twice comes soon after.
  await sleep(quietMs);
  const events = readReceived(round);
  const handled = events.map(({ topic }) => topic).sort();
  console.log(`  the subscriber got: ${handled.join(', ')}`);
  assert.deepEqual(handled, topics);
  assert(events.every(({ whole }) => whole));
}

/** Replaces lines of the stock index.cjs, and tells how many differ; features that are added come at its end. */
function writeIndex(replacements, added) {
  const stock = readFileSync(join(files, 'index.cjs'), 'utf-8');
  const index = replacements.reduce((text, name) => {
    const stockLine = `import('@backstage/${name}')`;
    assert(text.includes(stockLine));
    return text.replace(stockLine, `import('@callboard/backstage-${name}')`);
  }, stock);
  const start = 'backend.start();';
  assert(index.includes(start));
  writeFileSync(
    join(directory, 'index.cjs'),
    index.replace(
      start,
      [...added.map(name => `backend.add(import('${name}'));`), start].join(
        '\n',
      ),
    ),
  );
  const lines = index.split('\n');
  return stock.split('\n').filter((line, at) => line !== lines[at]).length;
}

async function play(round, replacements, check, added = []) {
  const changed = writeIndex(replacements, added);
  console.log(
    [
      `${round}: ${changed} of the stock backend's lines replaced`,
      ...added.map(name => `${name} added`),
    ].join(', '),
  );
  assert.equal(changed, replacements.length);
  const backend = await startBackend(directory, round, url);
  try {
    await checkWebhooks(round);
    await check?.();
  } catch (error) {
    await backend.kill();
    throw error;
  }
  return backend;
}

async function checkLog(rounds) {
  const listed = (await listTopicsInLog()).filter(topic => topic !== 'catalog');
  console.log(`  the log lists: ${listed.join(', ')}`);
  assert.deepEqual(
    listed,
    topics.flatMap(topic => new Array(rounds).fill(topic)),
  );
}

/** The contract is an entity of the catalog, whose creation is told of. */
async function checkCatalogEvents() {
  const end = Date.now() + handlingLimitMs;
  while (!(await listTopicsInLog()).includes('catalog')) {
    assert(Date.now() < end, 'No change of the catalog was told of');
    await sleep(500);
  }
  console.log('  the log has a change of the catalog');
}

try {
  install();

  const stock = await play('stock', []);
  // The stock client's long polls hold up its end for most of a minute.
  await stock.kill();

  const replaced = await play('callboard', ['plugin-events-backend'], () =>
    checkLog(1),
  );
  await replaced.kill();

  const both = await play(
    'callboard-github',
    ['plugin-events-backend', 'plugin-events-backend-module-github'],
    // The events of the round before are still there after kill -9.
    () => checkLog(2),
  );
  await both.kill();

  const emitting = await play(
    'callboard-catalog',
    ['plugin-events-backend', 'plugin-events-backend-module-github'],
    checkCatalogEvents,
    [
      '@backstage/plugin-catalog-backend',
      '@callboard/backstage-plugin-catalog-backend-module-events',
    ],
  );
  await emitting.stop();

  // What is not tried in a backend can be loaded at least.
  for (const { name } of ours) {
    run(directory, process.execPath, ['-e', `require('${name}')`]);
  }
} catch (error) {
  console.error(error);
  for (const name of readdirSync(directory).filter(file =>
    file.endsWith('.log'),
  )) {
    const log = readFileSync(join(directory, name), 'utf-8');
    console.error(`--- ${name}\n${log.slice(-4_000)}`);
  }
  console.error(`Everything is left in ${directory}`);
  process.exit(1);
}
rmSync(directory, { recursive: true });
console.log('The tarballs work outside the repository.');
