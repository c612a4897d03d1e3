import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { postgres } from './databases/postgres';
import { sqlite } from './databases/sqlite';
import type { MeasuringOptions } from './MeasuringOptions';
import {
  catalogPackages,
  heardCatalog,
  silentCatalog,
  tellingCatalog,
  waitUntilServed,
  withCatalogs,
} from './portals/catalogs';
import type { Portal } from './portals/Portal';
import { formatTable } from './report/formatTable';
import { formatCount, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const pieceEntities = 500;
const thoroughPieces = 10;
const quickPieces = 2;
/** So many pieces before, which are not counted: what a process does for the first time it does slowly. */
const warmUpPieces = 2;
/** What is behind in one portal when its piece is served must not fall on the next one. */
const calmMs = 1_500;

const contestants = [silentCatalog, tellingCatalog, heardCatalog];

/** How long the catalog took for a piece of its entities. */
interface Work {
  createMs: number;
  changeMs: number;
}

const works: readonly { name: string; read: (work: Work) => number }[] = [
  { name: 'created', read: ({ createMs }) => createMs },
  { name: 'changed', read: ({ changeMs }) => changeMs },
  { name: 'both', read: ({ createMs, changeMs }) => createMs + changeMs },
];

/**
 * How much longer does the catalog take to process its entities when it tells of every change?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function doesTellingOfChangesSlowDownTheCatalog(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, quick } = options;
  const pieces = warmUpPieces + (quick ? quickPieces : thoroughPieces);
  printSetup(
    'Does telling of changes slow down the catalog?',
    catalogPackages,
    [
      `Load: ${formatCount(
        pieces * pieceEntities,
      )} entities of a provider in pieces of ${pieceEntities}, each created and then changed, the first ${warmUpPieces} to warm up; ${rounds} rounds`,
      'The contestants stand side by side and work at each piece in turn, one at a time',
      'The subscriber is in the same process, and is given every change',
    ],
  );
  for (const kind of [postgres, sqlite]) {
    const description = await kind.describe();
    if (!description || (options.database ?? kind.name) !== kind.name) {
      print(`${kind.name} is left out`);
      continue;
    }
    print(`${description}\n`);
    const measured = new Rounds<Work>();
    for (let round = 1; round <= rounds; round += 1) {
      await withCatalogs(workbench, kind, contestants, async portals => {
        await startProfiles(portals, options.profileFolder);
        for (let piece = 0; piece < pieces; piece += 1) {
          // Who comes first changes.
          for (const [name, portal] of rotate([...portals], piece)) {
            const work = await measureWork(portal, piece * pieceEntities);
            if (piece >= warmUpPieces) {
              measured.add(round * pieces + piece, name, work);
            }
            await delay(calmMs);
          }
        }
        await stopProfiles(portals, options.profileFolder);
        await printUsage(round, portals);
      });
    }
    const rows = works.flatMap(({ name, read }) =>
      contestants.map(catalog => {
        const ratio = measured.ratio(catalog.name, silentCatalog.name, read);
        return [
          name,
          catalog.name,
          (measured.median(catalog.name, read) / 1e3).toFixed(2),
          ratio === undefined ? '' : `${((ratio - 1) * 100).toFixed(1)} %`,
        ];
      }),
    );
    print('');
    print(formatTable(['entities', 'catalog', 's', 'longer'], rows, 2));
    print('');
  }
}

type Portals = ReadonlyMap<string, Portal>;

const rotate = <T>(items: readonly T[], by: number) => [
  ...items.slice(by % items.length),
  ...items.slice(0, by % items.length),
];

async function printUsage(round: number, portals: Portals): Promise<void> {
  for (const [name, portal] of portals) {
    const { cpuMs } = await portal.order('usage', null);
    print(
      `round ${round}, ${name}: ${(cpuMs / 1e3).toFixed(
        1,
      )} s of CPU, its start included`,
    );
  }
}

/** Has each portal write a CPU profile of its work, if there is a folder for it. */
async function startProfiles(
  portals: Portals,
  folder: string | undefined,
): Promise<void> {
  if (folder === undefined) {
    return;
  }
  await mkdir(folder, { recursive: true });
  for (const portal of portals.values()) {
    await portal.order('startProfile', null);
  }
}

async function stopProfiles(
  portals: Portals,
  folder: string | undefined,
): Promise<void> {
  if (folder === undefined) {
    return;
  }
  for (const [name, portal] of portals) {
    const file = resolve(folder, `${name.replaceAll(' ', '-')}.cpuprofile`);
    await portal.order('stopProfile', { file });
  }
}

async function measureWork(portal: Portal, first: number): Promise<Work> {
  const measure = async (revision: number) => {
    const piece = { first, count: pieceEntities, revision };
    const begin = performance.now();
    await portal.order('provide', piece, 120_000);
    await waitUntilServed(portal, piece);
    return performance.now() - begin;
  };
  return { createMs: await measure(1), changeMs: await measure(2) };
}
