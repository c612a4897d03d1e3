import { postgres } from './databases/postgres';
import { sqlite } from './databases/sqlite';
import type { MeasuringOptions } from './MeasuringOptions';
import {
  measureBacklog,
  oldSpaceMegabytes,
  type BacklogCost,
} from './portals/measureBacklog';
import { callboardSystem, systemPackages } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print, printSetup } from './report/print';
import type { Workbench } from './Workbench';

const million = 1_000_000;
const quickAmount = 50_000;

/**
 * What does a backlog of a million events cost: memory, claims, and publishers while it is trimmed?
 *
 * @remarks
 * How it is measured, and what the rows mean, is told in `docs/operations/performance.md`. Callboard alone: the stock
 * system keeps 10,000 events.
 */
export async function whatDoesABacklogOfAMillionEventsCost(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const amount = options.quick ? quickAmount : million;
  printSetup(
    `What does a backlog of ${
      options.quick ? formatCount(amount) : 'a million'
    } events cost?`,
    systemPackages,
    [
      `Load: ${formatCount(amount)} events of 1,024 bytes, once`,
      `Portals run with --max-old-space-size=${oldSpaceMegabytes}`,
    ],
  );
  if (!(options.contestants?.includes(callboardSystem.name) ?? true)) {
    print(`Left out: it is a question to ${callboardSystem.name}`);
    return;
  }
  for (const kind of [postgres, sqlite]) {
    const description = await kind.describe();
    if (!description || (options.database ?? kind.name) !== kind.name) {
      print(`${kind.name} is left out`);
    } else {
      print(`${description}\n`);
      const cost = await measureBacklog(workbench, kind, amount);
      print(formatTable(['what', kind.name], listCost(cost)));
      print('');
    }
  }
}

function listCost(cost: BacklogCost): string[][] {
  const { publishing, reading, batches } = cost;
  const { publishAtRest, publishWhileTrimming } = cost;
  return [
    ['published per second', formatCount(cost.publishedPerSecond)],
    ['memory before publishing, MB', formatMegabytes(publishing.beforeBytes)],
    ['most memory while publishing, MB', formatMegabytes(publishing.mostBytes)],
    ['handled per second', formatCount(cost.handledPerSecond)],
    ['memory before reading, MB', formatMegabytes(reading.beforeBytes)],
    ['most memory while reading, MB', formatMegabytes(reading.mostBytes)],
    ...(['start', 'middle', 'end'] as const).flatMap(place => [
      [
        `statements of a batch, ${place}, ms`,
        formatMs(batches[place].statementsMs),
      ],
      [
        `from one batch to the next, ${place}, ms`,
        formatMs(batches[place].intervalMs),
      ],
    ]),
    ['trimmed per second', formatCount(cost.trimmedPerSecond)],
    ['publish at rest, p50 ms', formatMs(publishAtRest.p50)],
    ['publish at rest, p99 ms', formatMs(publishAtRest.p99)],
    ['publish at rest, longest ms', formatMs(publishAtRest.max)],
    ['publish while trimming, p50 ms', formatMs(publishWhileTrimming.p50)],
    ['publish while trimming, p99 ms', formatMs(publishWhileTrimming.p99)],
    ['publish while trimming, longest ms', formatMs(publishWhileTrimming.max)],
    ...(cost.blockedMs === undefined
      ? []
      : [
          [
            'append behind a lock while trimming, longest ms',
            formatMs(cost.blockedMs),
          ],
        ]),
  ];
}

function formatMegabytes(bytes: number): string {
  return formatCount(bytes / 1e6);
}
