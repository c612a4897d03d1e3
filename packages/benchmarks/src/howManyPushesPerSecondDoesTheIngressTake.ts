import { randomBytes } from 'node:crypto';
import {
  callboard,
  emptyHandler,
  emptyHandlerReadingBody,
  stock,
} from './contestants/contestants';
import { postgres } from './databases/postgres';
import { sqlite } from './databases/sqlite';
import { createPush } from './load/createPush';
import { measureIngress, type Measurement } from './measureIngress';
import type { MeasuringOptions } from './MeasuringOptions';
import { formatTable } from './report/formatTable';
import { formatCount, print, printSetup } from './report/print';
import { median } from './report/statistics';
import type { Workbench } from './Workbench';

const connections = 32;
const contestants = [stock, callboard, emptyHandler, emptyHandlerReadingBody];
const packages = [
  '@backstage/backend-defaults',
  '@backstage/plugin-events-backend',
  '@backstage/plugin-events-backend-module-github',
  '@callboard/backstage-plugin-events-backend',
  '@callboard/backstage-plugin-events-backend-module-github',
];

/**
 * How many signed pushes of GitHub does the ingress take per second, durably, next to the stock ingress and next to a
 * handler that does nothing?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howManyPushesPerSecondDoesTheIngressTake(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const chosen = contestants.filter(
    ({ name }) => options.contestants?.includes(name) ?? true,
  );
  const secret = randomBytes(32).toString('base64url');
  const push = createPush(secret);

  printSetup(
    'How many signed pushes of GitHub does the ingress take per second?',
    packages,
    [
      `Load: ${connections} connections, ${options.rounds} rounds of about ${options.seconds} s after ${options.warmUpSeconds} s of warm-up, a push of ${push.bytes} bytes`,
    ],
  );
  const kinds = [];
  for (const kind of [postgres, sqlite]) {
    if ((options.database ?? kind.name) === kind.name) {
      const description = await kind.describe();
      print(description ?? `There is no ${kind.name} here; it is left out`);
      if (description) {
        kinds.push(kind);
      }
    }
  }
  print('');

  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const kind of kinds) {
      for (const contestant of chosen) {
        const measurement = await measureIngress(workbench, {
          contestant,
          kind,
          round,
          push,
          config: {
            events: { modules: { github: { webhookSecret: secret } } },
          },
          connections,
          seconds: options.seconds,
          warmUpSeconds: options.warmUpSeconds,
          profileFolder: options.profileFolder,
        });
        measurements.push(measurement);
        print(
          `${kind.name}, round ${round}, ${contestant.name}: ${formatCount(
            measurement.rate,
          )}/s, p50 ${measurement.p50Ms} ms, p99 ${
            measurement.p99Ms
          } ms, ${measurement.cpuMs.toFixed(2)} ms of CPU for each${
            measurement.finding ? ` (${measurement.finding})` : ''
          }`,
        );
      }
    }
  }

  for (const kind of kinds) {
    const rows = chosen.map(({ name }) =>
      summarize(
        name,
        measurements.filter(({ database }) => database === kind.name),
      ),
    );
    print(`\n${kind.name}\n`);
    print(
      formatTable(
        [
          'contestant',
          '202/s',
          'min–max',
          'p50 ms',
          'p99 ms',
          'handled/s',
          'CPU ms',
          'times stock',
          'of empty',
        ],
        rows,
      ),
    );
  }
}

function summarize(name: string, all: readonly Measurement[]): string[] {
  const own = all.filter(({ contestant }) => contestant === name);
  const rates = own.map(({ rate }) => rate);
  const ratioTo = (other: string) => {
    const ratios = own.flatMap(({ round, rate }) =>
      all
        .filter(({ contestant }) => contestant === other)
        .filter(candidate => candidate.round === round)
        .map(candidate => rate / candidate.rate),
    );
    return ratios.length > 0 ? median(ratios) : undefined;
  };
  const timesStock = ratioTo(stock.name);
  const ofEmpty = ratioTo(emptyHandler.name);
  const handled = own.flatMap(({ handledRate }) => handledRate ?? []);
  return [
    name,
    formatCount(median(rates)),
    `${formatCount(Math.min(...rates))}–${formatCount(Math.max(...rates))}`,
    median(own.map(({ p50Ms }) => p50Ms)).toFixed(0),
    median(own.map(({ p99Ms }) => p99Ms)).toFixed(0),
    handled.length > 0 ? formatCount(median(handled)) : '',
    median(own.map(({ cpuMs }) => cpuMs)).toFixed(2),
    timesStock === undefined ? '' : timesStock.toFixed(1),
    ofEmpty === undefined ? '' : `${(ofEmpty * 100).toFixed(0)} %`,
  ];
}
