import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import { warmUp } from './endpoints/warmUp';
import { warmUpSingles } from './endpoints/warmUpSingles';
import { toPath, withEndpoints } from './endpoints/withEndpoints';
import type { MeasuringOptions } from './MeasuringOptions';
import { systemPackages } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Distribution } from './report/statistics';
import type { Workbench } from './Workbench';

const load = { topic: 'bench', publishers: 16, bytes: 1_024 };
const ratePerSecond = 100;
/** Long enough for every chore that comes round in seconds. */
const leastSeconds = 30;
const endpoint = { id: 'bench', topics: [load.topic] };

/**
 * How long does an event take from the call of `publish` to the first byte at its endpoint?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howLongDoesAnEventTakeToItsEndpoint(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { quick, rounds, warmUpSeconds } = options;
  const seconds = quick
    ? options.seconds
    : Math.max(leastSeconds, options.seconds);
  printSetup('How long does an event take to its endpoint?', systemPackages, [
    `Load: ${ratePerSecond} events of ${formatCount(
      load.bytes,
    )} bytes a second, ${rounds} rounds of ${seconds} s after ${warmUpSeconds} s of warm-up`,
    'From the call of publish to the first byte of the request at the receiver, another process, which answers 200 as soon as it has a request',
  ]);
  const measured = new Rounds<Distribution>();
  const kinds = await describeKinds(options);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) {
      const latency = await measureLatency(workbench, kind, {
        seconds,
        warmUpSeconds,
      });
      measured.add(round, kind.name, latency);
      print(
        `${kind.name}, round ${round}: p50 ${formatMs(
          latency.p50,
        )} ms, p99 ${formatMs(latency.p99)} ms, longest ${formatMs(
          latency.max,
        )} ms`,
      );
    }
  }
  print('');
  print(
    formatTable(
      ['database', 'p50 ms', 'p99 ms', 'longest ms'],
      kinds.map(({ name }) => [
        name,
        formatMs(measured.median(name, ({ p50 }) => p50)),
        formatMs(measured.median(name, ({ p99 }) => p99)),
        formatMs(measured.median(name, ({ max }) => max)),
      ]),
    ),
  );
}

async function measureLatency(
  workbench: Workbench,
  kind: DatabaseKind,
  options: { seconds: number; warmUpSeconds: number },
): Promise<Distribution> {
  const { seconds, warmUpSeconds } = options;
  const path = toPath(endpoint);
  return withEndpoints(
    workbench,
    { kind, endpoints: [endpoint], lookIntoOneOf: 1 },
    async site => {
      const { portal, receiver } = site;
      const { topic, bytes } = load;
      const warm = { topic, bytes, paths: [path] };
      await warmUp(site, warm, warmUpSeconds);
      await warmUpSingles(site, { ...warm, matches: 1 });
      await receiver.order('forget', null);
      const run = 'measured';
      const { published } = await portal.publish({
        ...load,
        run,
        ratePerSecond,
        seconds,
      });
      await receiver.waitUntilAnswered([path], published);
      return receiver.order('latency', { path, run });
    },
  );
}
