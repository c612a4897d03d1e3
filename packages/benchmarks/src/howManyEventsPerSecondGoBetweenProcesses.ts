import type { MeasuringOptions } from './MeasuringOptions';
import { chooseSystems } from './portals/chooseSystems';
import {
  measureThroughput,
  type Throughput,
} from './portals/measureThroughput';
import { Profiler } from './portals/Profiler';
import { stockSystem } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print } from './report/print';
import { median } from './report/statistics';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const load = { publishers: 16, bytes: 1_024 };

/**
 * How many events per second go from the publishers of one process to the handler of another?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howManyEventsPerSecondGoBetweenProcesses(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds, profileFolder } = options;
  const chosen = await chooseSystems(
    'How many events per second go from one process to another?',
    [
      `Load: ${load.publishers} publishers in one process, one handler in another, events of ${load.bytes} bytes, ${rounds} rounds of about ${seconds} s after ${warmUpSeconds} s of warm-up`,
    ],
    options,
  );
  const measured = new Rounds<Throughput>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const system of chosen) {
      const throughput = await measureThroughput(workbench, system, {
        load,
        seconds,
        warmUpSeconds,
        profiler: profileFolder ? new Profiler(profileFolder) : undefined,
      });
      measured.add(round, system.name, throughput);
      print(
        `round ${round}, ${system.name}: ${formatCount(
          throughput.rate,
        )}/s of ${formatCount(throughput.published)} events, ${
          throughput.lost
        } lost, ${throughput.repeated} repeated`,
      );
    }
  }
  if (chosen.length === 0) {
    return;
  }
  const rows = chosen.map(({ name }) => {
    const middle = (read: (one: Throughput) => number) =>
      measured.median(name, read);
    const rates = measured.of(name).map(({ rate }) => rate);
    const sum = (read: (one: Throughput) => number) =>
      measured.of(name).reduce((total, one) => total + read(one), 0);
    const ratio = measured.ratio(name, stockSystem.name, ({ rate }) => rate);
    return [
      name,
      formatCount(median(rates)),
      `${formatCount(Math.min(...rates))}–${formatCount(Math.max(...rates))}`,
      formatCount(sum(({ published }) => published)),
      formatCount(sum(({ lost }) => lost)),
      formatCount(sum(({ repeated }) => repeated)),
      formatMs(middle(({ p50Ms }) => p50Ms)),
      formatMs(middle(({ p99Ms }) => p99Ms)),
      formatMs(middle(({ publisherCpuMs }) => publisherCpuMs)),
      formatMs(middle(({ readerCpuMs }) => readerCpuMs)),
      ratio === undefined ? '' : ratio.toFixed(1),
    ];
  });
  print('');
  print(
    formatTable(
      [
        'contestant',
        'handled/s',
        'min–max',
        'published',
        'lost',
        'repeated',
        'p50 ms',
        'p99 ms',
        'publisher CPU ms',
        'reader CPU ms',
        'times stock',
      ],
      rows,
    ),
  );
}
