import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';

const root = resolve(__dirname, '../../..');

const reportSchema = z.object({
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string() }),
      }),
    ),
  }),
});

const packageSchema = z.object({
  name: z.string(),
  backstage: z.object({
    role: z.string(),
    pluginPackage: z.string().optional(),
    pluginPackages: z.array(z.string()).optional(),
  }),
});

/** Reports which imports in `plugins/` break the rules of `.dependency-cruiser.cjs`. */
function checkArrows(directory: string) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      join(root, '.dependency-cruiser.cjs'),
      '--output-type',
      'json',
      'plugins',
    ],
    { cwd: directory, encoding: 'utf-8', maxBuffer: 2 ** 28 },
  );
  if (!stdout) {
    throw new Error(`dependency-cruiser said nothing but: ${stderr}`);
  }
  const { summary } = reportSchema.parse(JSON.parse(stdout));
  return {
    cruised: summary.totalCruised,
    violations: summary.violations.map(
      ({ from, to, rule }) => `${from} → ${to}: ${rule.name}`,
    ),
  };
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory()
      ? listFiles(join(directory, entry.name))
      : [join(directory, entry.name)],
  );
}

const dialectLiteral = /(['"`])(pg|better-sqlite3|postgres|sqlite)\1/;

/** Lists files beside `database/` that tell one database from the other. */
function findDialectKnowledge(directory: string): string[] {
  return listFiles(directory)
    .map(file => relative(directory, file))
    .filter(file => !/^database\/|__testUtils__\/|\.test\.ts$/.test(file))
    .filter(file =>
      dialectLiteral.test(readFileSync(join(directory, file), 'utf-8')),
    );
}

describe('the architecture', () => {
  jest.setTimeout(60_000);

  it('has only the arrows that it should have', () => {
    const { cruised, violations } = checkArrows(root);
    expect(violations).toEqual([]);
    expect(cruised).toBeGreaterThan(100);
  });

  it('has packages that Backstage lets be published: each says which plugin it is of', () => {
    const packages = readdirSync(join(root, 'plugins')).map(name =>
      packageSchema.parse(
        JSON.parse(
          readFileSync(join(root, 'plugins', name, 'package.json'), 'utf-8'),
        ),
      ),
    );
    expect(packages.length).toBeGreaterThan(5);
    expect(
      packages.filter(({ name, backstage }) =>
        backstage.role.endsWith('-module')
          ? !backstage.pluginPackage
          : !backstage.pluginPackages?.includes(name),
      ),
    ).toEqual([]);
  });

  it('knows one database from the other only in database/', () => {
    expect(findDialectKnowledge(__dirname)).toEqual([]);
  });
});

describe('the check of the architecture', () => {
  jest.setTimeout(60_000);

  const rooms = 'plugins/events-backend/src';
  const wrong = [
    [
      'plugins/events-common/src/a.ts',
      '@callboard/backstage-plugin-events-node',
      'package events-common',
    ],
    [
      'plugins/events-node/src/a.ts',
      '@callboard/backstage-plugin-events-backend',
      'package events-node',
    ],
    [
      'plugins/events-backend/src/a.ts',
      '@callboard/backstage-plugin-events-backend-test-utils',
      'package events-backend',
    ],
    [
      'plugins/events-backend-test-utils/src/a.ts',
      '@callboard/backstage-plugin-events-backend',
      'package events-backend-test-utils',
    ],
    [
      'plugins/catalog-backend-module-x/src/a.ts',
      '@callboard/backstage-plugin-events-backend',
      'package [^/]+-module-(?!github/)[^/]+',
    ],
    [
      'plugins/catalog-backend-module-x/src/b.ts',
      '@callboard/backstage-plugin-github-node',
      'package [^/]+-module-(?!github/)[^/]+',
    ],
    [
      'plugins/catalog-backend-module-github/src/a.ts',
      '@callboard/backstage-plugin-events-backend',
      'package [^/]+-module-github',
    ],
    [
      'plugins/github-node/src/a.ts',
      '@callboard/backstage-plugin-events-node',
      'package github-node',
    ],
    [
      'plugins/stranger/src/a.ts',
      '@callboard/backstage-plugin-events-node',
      'a package has its row in .dependency-cruiser.cjs',
    ],
    [`${rooms}/ingress/a.ts`, '../bus', 'no mover imports a mover'],
    [`${rooms}/streams/a.ts`, '../bus', 'no mover imports a mover'],
    [`${rooms}/log/a.ts`, '../deliveries', 'no pool imports a pool'],
    [
      `${rooms}/subscriptions/a.ts`,
      '../maintenance',
      'pools import only leaves',
    ],
    [`${rooms}/deliveries/a.ts`, '../api', 'pools import only leaves'],
    [`${rooms}/database/a.ts`, '../log', 'leaves import only leaves'],
    [`${rooms}/model/a.ts`, '../database', 'the model imports only the model'],
    [`${rooms}/api/a.ts`, '../ingress', 'a window does not import a mover'],
    [`${rooms}/webhooks/a.ts`, '../api', 'no mover imports a window'],
    [`${rooms}/endpoints/a.ts`, '../settings', 'root files are for root files'],
    [
      `${rooms}/api/b.ts`,
      '../log/operations/readAfter',
      'a room is entered through its index',
    ],
    [
      `${rooms}/b.ts`,
      './log/operations/readAfter',
      'a room is entered through its index',
    ],
    [
      `${rooms}/attic/a.ts`,
      '../model/a',
      'a room has its kind in .dependency-cruiser.cjs',
    ],
    [`${rooms}/bus/a.ts`, './missing', 'every import is found'],
    [`${rooms}/telemetry/a.ts`, './b', 'no cycles'],
  ] as const;

  let directory: string;
  beforeAll(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'callboard-arrows-')));
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), text);
    };
    for (const name of [
      'events-common',
      'events-node',
      'events-backend',
      'events-backend-test-utils',
      'github-node',
    ]) {
      const packageName = `@callboard/backstage-plugin-${name}`;
      write(
        `plugins/${name}/package.json`,
        JSON.stringify({ name: packageName, exports: './src/index.ts' }),
      );
      write(`plugins/${name}/src/index.ts`, 'export const one = 1;');
      mkdirSync(join(directory, 'node_modules/@callboard'), {
        recursive: true,
      });
      symlinkSync(
        join(directory, 'plugins', name),
        join(directory, 'node_modules', packageName),
      );
    }
    for (const name of [
      'bus',
      'log',
      'deliveries',
      'maintenance',
      'database',
      'ingress',
      'api',
    ]) {
      write(`${rooms}/${name}/index.ts`, 'export const one = 1;');
    }
    write(`${rooms}/settings.ts`, 'export const one = 1;');
    write(`${rooms}/log/operations/readAfter.ts`, 'export const one = 1;');
    for (const [file, imported] of wrong) {
      write(
        file,
        `import type { one } from '${imported}';\nexport type { one };`,
      );
    }
    // Allowed: a test may import what it likes, and the rest points inward.
    write(`${rooms}/log/a.test.ts`, `import '../deliveries';`);
    write(
      `${rooms}/log/b.ts`,
      `import '../database'; import '../model/c'; import './operations/readAfter';`,
    );
    write(`${rooms}/model/c.ts`, 'export const one = 1;');
    write(
      'plugins/catalog-backend-module-github/src/b.ts',
      `import '@callboard/backstage-plugin-github-node';`,
    );
    // A cycle is reported once.
    write(`${rooms}/telemetry/b.ts`, `import './a';`);
    write(
      'plugins/catalog-backend-module-x/src/a.test.ts',
      `import '@callboard/backstage-plugin-events-backend';`,
    );
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('reports each kind of wrong import, and nothing else', () => {
    const { violations } = checkArrows(directory);
    const reported = violations.map(violation =>
      violation.replace(/ → .*: /, ': '),
    );
    expect(reported.sort()).toEqual(
      wrong.map(([file, , rule]) => `${file}: ${rule}`).sort(),
    );
  });

  it('reports knowledge of a database beside database/', () => {
    const sources = join(directory, rooms);
    writeFileSync(join(sources, 'log/c.ts'), `client === 'pg'`);
    writeFileSync(join(sources, 'database/c.ts'), `client === 'pg'`);
    expect(findDialectKnowledge(sources)).toEqual(['log/c.ts']);
  });
});
