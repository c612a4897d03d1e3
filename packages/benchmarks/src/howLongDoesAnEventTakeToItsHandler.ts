import type { MeasuringOptions } from './MeasuringOptions';
import { chooseSystems } from './portals/chooseSystems';
import { stockSystem, systems, type EventsSystem } from './portals/systems';
import { withPortals, type PortalPair } from './portals/withPortals';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print } from './report/print';
import { Rounds } from './report/Rounds';
import type { Distribution } from './report/statistics';
import type { Workbench } from './Workbench';

const load = { topic: 'bench', publishers: 16, bytes: 1_024 };
const handler = 'reader';
/** What the stock system manages about, when it is not there to be asked. */
const usualStockRate = 150;

const loads = [
  { name: "stock's own rate", share: 1 },
  { name: 'half of it', share: 0.5 },
];

/**
 * How long does an event take from the call of `publish` in one process to the handler in another?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howLongDoesAnEventTakeToItsHandler(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  const chosen = await chooseSystems(
    'How long does an event take from publish in one process to the handler in another?',
    [
      `Load: ${load.publishers} publishers that together keep to a rate, events of ${load.bytes} bytes, ${rounds} rounds of ${seconds} s for each rate after ${warmUpSeconds} s of warm-up`,
      `The rate is what the stock system manages in the warm-up of the same round, or ${usualStockRate}/s when it is not measured; then half of that`,
    ],
    options,
  );
  const measured = new Rounds<Distribution>();
  for (let round = 1; round <= rounds; round += 1) {
    let rate: number | undefined;
    // The stock system first: it gives the rate.
    for (const system of systems.filter(one => chosen.includes(one))) {
      const found = await measureLatencies(workbench, system, {
        rate: system === stockSystem ? undefined : rate ?? usualStockRate,
        seconds,
        warmUpSeconds,
      });
      rate = found.rate;
      for (const { loadName, ratePerSecond, latency } of found.latencies) {
        measured.add(round, describe(system.name, loadName), latency);
        print(
          `round ${round}, ${system.name}, ${loadName} (${formatCount(
            ratePerSecond,
          )}/s): p50 ${formatMs(latency.p50)} ms, p99 ${formatMs(
            latency.p99,
          )} ms, longest ${formatMs(latency.max)} ms`,
        );
      }
    }
  }
  if (chosen.length === 0) {
    return;
  }
  const rows = loads.flatMap(({ name: loadName }) =>
    chosen.map(({ name }) => {
      const own = describe(name, loadName);
      const stock = describe(stockSystem.name, loadName);
      const cells = (read: (latency: Distribution) => number) => {
        const ratio = measured.ratio(own, stock, read);
        return [
          formatMs(measured.median(own, read)),
          ratio === undefined ? '' : ratio.toFixed(2),
        ];
      };
      return [
        loadName,
        name,
        ...cells(({ p50 }) => p50),
        ...cells(({ p99 }) => p99),
        formatMs(measured.median(own, ({ max }) => max)),
      ];
    }),
  );
  print('');
  print(
    formatTable(
      [
        'rate',
        'contestant',
        'p50 ms',
        'of stock',
        'p99 ms',
        'of stock',
        'longest ms',
      ],
      rows,
      2,
    ),
  );
}

const describe = (system: string, loadName: string) => `${system}, ${loadName}`;

/** @param options.rate - the rate to keep to; undefined for as fast as the system can */
async function measureLatencies(
  workbench: Workbench,
  system: EventsSystem,
  options: { rate: number | undefined; seconds: number; warmUpSeconds: number },
) {
  const { seconds, warmUpSeconds } = options;
  return withPortals(workbench, system, async portals => {
    const fastest = await warmUp(portals, warmUpSeconds);
    const { rate = fastest } = options;
    const latencies = [];
    for (const { name: loadName, share } of loads) {
      const ratePerSecond = rate * share;
      latencies.push({
        loadName,
        ratePerSecond,
        latency: await measureLatency(portals, {
          run: loadName,
          ratePerSecond,
          seconds,
        }),
      });
    }
    return { rate, latencies };
  });
}

/** As fast as it goes; returns the rate of `publish`. */
async function warmUp(
  { publisher, reader }: PortalPair,
  seconds: number,
): Promise<number> {
  await reader.subscribe({
    id: handler,
    topics: [load.topic],
    behaviour: 'counts',
  });
  await publisher.publishUntilHeard(reader, handler, load.topic);
  const run = 'warm-up';
  const { published, firstAtUs, lastAtUs } = await publisher.publish({
    ...load,
    run,
    seconds,
  });
  await reader.waitUntilHandled(handler, run, published);
  return published / ((lastAtUs - firstAtUs) / 1e6);
}

async function measureLatency(
  { publisher, reader }: PortalPair,
  paced: { run: string; ratePerSecond: number; seconds: number },
): Promise<Distribution> {
  const { run } = paced;
  const { published } = await publisher.publish({ ...load, ...paced });
  await reader.waitUntilHandled(handler, run, published);
  return reader.order('latency', { handler, run });
}
