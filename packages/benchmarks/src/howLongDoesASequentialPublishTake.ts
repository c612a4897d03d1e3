import type { MeasuringOptions } from './MeasuringOptions';
import { chooseSystems } from './portals/chooseSystems';
import { stockSystem } from './portals/systems';
import { withPortals } from './portals/withPortals';
import { formatTable } from './report/formatTable';
import { formatMs, print } from './report/print';
import { Rounds } from './report/Rounds';
import type { Distribution } from './report/statistics';
import type { Workbench } from './Workbench';

const load = { publishers: 1, bytes: 1_024 };
const places = [
  { place: 'another process', topic: 'elsewhere' },
  { place: 'the same process', topic: 'here' },
] as const;

/**
 * How long does one `publish` take, when one publisher awaits one after the other?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howLongDoesASequentialPublishTake(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  const chosen = await chooseSystems(
    'How long does one sequential publish take?',
    [
      `Load: one publisher, one publish after the other, events of ${load.bytes} bytes, ${rounds} rounds of ${seconds} s for each place of the handler after ${warmUpSeconds} s of warm-up`,
    ],
    options,
  );
  const measured = new Rounds<Distribution>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const system of chosen) {
      await withPortals(workbench, system, async ({ publisher, reader }) => {
        for (const { place, topic } of places) {
          const portal = place === 'another process' ? reader : publisher;
          await portal.subscribe({
            id: topic,
            topics: [topic],
            behaviour: 'counts',
          });
          await publisher.publishUntilHeard(portal, topic, topic);
          const publish = async (run: string, forSeconds: number) => {
            const outcome = await publisher.publish({
              ...load,
              topic,
              run,
              seconds: forSeconds,
            });
            await portal.waitUntilHandled(topic, run, outcome.published);
            return outcome.publishMs;
          };
          await publish('warm-up', warmUpSeconds);
          const publishMs = await publish('measured', seconds);
          measured.add(round, describe(system.name, place), publishMs);
          print(
            `round ${round}, ${
              system.name
            }, handler in ${place}: p50 ${formatMs(
              publishMs.p50,
            )} ms, p99 ${formatMs(publishMs.p99)} ms`,
          );
        }
      });
    }
  }
  if (chosen.length === 0) {
    return;
  }
  const rows = places.flatMap(({ place }) =>
    chosen.map(({ name }) => {
      const own = describe(name, place);
      const stock = describe(stockSystem.name, place);
      const ratio = measured.ratio(own, stock, ({ p50 }) => p50);
      return [
        place,
        name,
        formatMs(measured.median(own, ({ p50 }) => p50)),
        formatMs(measured.median(own, ({ p99 }) => p99)),
        ratio === undefined ? '' : ratio.toFixed(2),
      ];
    }),
  );
  print('');
  print(
    formatTable(
      ['handler in', 'contestant', 'p50 ms', 'p99 ms', 'p50 of stock'],
      rows,
      2,
    ),
  );
}

const describe = (system: string, place: string) => `${system}, ${place}`;
