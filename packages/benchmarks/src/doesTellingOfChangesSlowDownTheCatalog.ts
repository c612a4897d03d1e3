import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { postgres } from './databases/postgres';
import { sqlite } from './databases/sqlite';
import type { MeasuringOptions } from './MeasuringOptions';
import {
  catalogPackages,
  heardCatalog,
  silentCatalog,
  tellingCatalog,
  waitUntilServed,
  withCatalog,
} from './portals/catalogs';
import type { Portal } from './portals/Portal';
import { formatTable } from './report/formatTable';
import { formatCount, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const thoroughEntities = 5_000;
const quickEntities = 300;

const contestants = [silentCatalog, tellingCatalog, heardCatalog];

/** What the catalog has to do, and how long it took. */
interface Work {
  createMs: number;
  changeMs: number;
  cpuMs: number;
}

const works: readonly { name: string; read: (work: Work) => number }[] = [
  { name: 'created', read: ({ createMs }) => createMs },
  { name: 'all changed', read: ({ changeMs }) => changeMs },
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
  const entities = quick ? quickEntities : thoroughEntities;
  printSetup(
    'Does telling of changes slow down the catalog?',
    catalogPackages,
    [
      `Load: ${formatCount(
        entities,
      )} entities of a provider, created and then all changed, ${rounds} rounds, with and without the module in turn`,
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
      // Who comes first changes: what the machine is busy with otherwise must not fall on one of them.
      const catalogs =
        round % 2 === 1 ? contestants : [...contestants].reverse();
      for (const catalog of catalogs) {
        const work = await withCatalog(workbench, kind, catalog, portal =>
          profile(portal, options.profileFolder, catalog.name, () =>
            measureWork(portal, entities),
          ),
        );
        measured.add(round, catalog.name, work);
        print(
          `round ${round}, ${catalog.name}: created in ${seconds(
            work.createMs,
          )} s, changed in ${seconds(work.changeMs)} s, ${seconds(
            work.cpuMs,
          )} s of CPU`,
        );
      }
    }
    const rows = works.flatMap(({ name, read }) =>
      contestants.map(catalog => {
        const ratio = measured.ratio(catalog.name, silentCatalog.name, read);
        return [
          name,
          catalog.name,
          seconds(measured.median(catalog.name, read)),
          ratio === undefined ? '' : `${((ratio - 1) * 100).toFixed(1)} %`,
        ];
      }),
    );
    print('');
    print(formatTable(['entities', 'catalog', 's', 'longer'], rows, 2));
    print('');
  }
}

/** Has the portal write a CPU profile of its work, if there is a folder for it. */
async function profile<T>(
  portal: Portal,
  folder: string | undefined,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  if (folder === undefined) {
    return work();
  }
  await mkdir(folder, { recursive: true });
  await portal.order('startProfile', null);
  const result = await work();
  const file = resolve(folder, `${name.replaceAll(' ', '-')}.cpuprofile`);
  await portal.order('stopProfile', { file });
  return result;
}

const seconds = (ms: number) => (ms / 1e3).toFixed(1);

async function measureWork(portal: Portal, count: number): Promise<Work> {
  const before = await portal.order('usage', null);
  const measure = async (revision: number) => {
    const begin = performance.now();
    await portal.order(
      'provide',
      { type: 'full', first: 0, count, revision },
      120_000,
    );
    await waitUntilServed(portal, count, revision);
    return performance.now() - begin;
  };
  const createMs = await measure(1);
  const changeMs = await measure(2);
  const after = await portal.order('usage', null);
  return { createMs, changeMs, cpuMs: after.cpuMs - before.cpuMs };
}
