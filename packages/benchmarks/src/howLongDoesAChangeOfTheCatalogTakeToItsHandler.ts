import { setTimeout as delay } from 'node:timers/promises';
import { postgres } from './databases/postgres';
import { sqlite } from './databases/sqlite';
import type { MeasuringOptions } from './MeasuringOptions';
import {
  catalogPackages,
  heardCatalog,
  waitUntilServed,
  withCatalog,
} from './portals/catalogs';
import type { Portal } from './portals/Portal';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print, printSetup } from './report/print';
import type { Workbench } from './Workbench';

const entities = 500;
const perSecond = 50;

/**
 * How long does a change of the catalog take from its write in the database to the handler of a subscriber?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howLongDoesAChangeOfTheCatalogTakeToItsHandler(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const seconds = options.quick ? options.seconds : options.seconds * 3;
  printSetup(
    'How long does a change of the catalog take to its handler?',
    catalogPackages,
    [
      `Load: a provider changes ${perSecond} of ${entities} entities every second, for ${seconds} s`,
      'From the moment at which the trigger writes the change down, before its commit, to the call of the handler in the same process',
    ],
  );
  const rows: string[][] = [];
  for (const kind of [postgres, sqlite]) {
    const description = await kind.describe();
    if (!description || (options.database ?? kind.name) !== kind.name) {
      print(`${kind.name} is left out`);
      continue;
    }
    print(description);
    const { count, p50, p99, max } = await withCatalog(
      workbench,
      kind,
      heardCatalog,
      portal => measureChanges(portal, seconds),
    );
    rows.push([
      kind.name,
      formatCount(count),
      formatMs(p50),
      formatMs(p99),
      formatMs(max),
    ]);
  }
  print('');
  print(
    formatTable(
      ['database', 'changes', 'p50 ms', 'p99 ms', 'longest ms'],
      rows,
    ),
  );
}

async function measureChanges(portal: Portal, seconds: number) {
  const all = { first: 0, count: entities, revision: 0 };
  await portal.order('provide', all);
  await waitUntilServed(portal, all);
  // Relations are written behind their entities, and told of.
  await delay(2_000);
  await portal.order('changeLatency', null);
  const begin = performance.now();
  let last = all;
  for (let second = 1; second <= seconds; second += 1) {
    last = {
      first: (second * perSecond) % entities,
      count: perSecond,
      revision: second,
    };
    await portal.order('provide', last);
    await delay(Math.max(0, begin + second * 1_000 - performance.now()));
  }
  await waitUntilServed(portal, last);
  await delay(1_000);
  return portal.order('changeLatency', null);
}
