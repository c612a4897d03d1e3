import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import type { SendingRate } from './endpoints/drainBacklog';
import { measureSenders } from './endpoints/measureSenders';
import {
  bareLoop,
  callboard,
  endpointGroups,
  sendingCases,
  type SendingCase,
  type SendingContestant,
} from './endpoints/sendingCases';
import type { MeasuringOptions } from './MeasuringOptions';
import { systemPackages } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, formatShare, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

/** Of the requests that are not verified, the receiver reads the body and no more. */
const load = { bytes: 1_024, lookIntoOneOf: 100 };

/**
 * How many events per second go to endpoints, next to requests that undici alone sends?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howManyEventsPerSecondGoToEndpoints(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  printSetup(
    'How many events per second go to endpoints?',
    [...systemPackages, 'undici'],
    [
      `Load: a backlog of events of ${formatCount(
        load.bytes,
      )} bytes, ${rounds} rounds of about ${seconds} s for each case after ${warmUpSeconds} s of warm-up`,
      `The receiver, another process, answers 200 as soon as it has a request, and verifies one of ${load.lookIntoOneOf}`,
      `The ${bareLoop} sends the same request again and again, with undici, no log and no signature`,
    ],
  );
  const measured = new Rounds<SendingRate>();
  const kinds = await describeKinds(options);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) {
      await measureSenders(
        workbench,
        kind,
        load,
        options,
        (contestant, value) => {
          measured.add(round, describe(kind, contestant), value);
          print(
            `${kind.name}, round ${round}, ${contestant.name}, ${
              contestant.concurrency
            } at once, ${contestant.sender}: ${formatCount(
              value.rate,
            )}/s, ${value.cpuMs.toFixed(3)} ms of CPU for each`,
          );
        },
      );
    }
  }
  for (const kind of kinds) {
    print(`\n${kind.name}\n`);
    print(
      formatTable(
        ['to', 'sender', 'sent/s', 'min–max', 'at once', 'CPU ms', 'of bare'],
        sendingCases.flatMap(one => summarize(measured, kind, one)),
        2,
      ),
    );
  }
}

const describe = (
  kind: DatabaseKind,
  { name, sender, concurrency }: SendingContestant,
) => [kind.name, name, sender, concurrency].join(', ');

/** The rows of a case: each sender with as many requests at once as suit it best. */
function summarize(
  measured: Rounds<SendingRate>,
  kind: DatabaseKind,
  { name, group }: SendingCase,
): string[][] {
  const readRate = ({ rate }: SendingRate) => rate;
  const findBest = (sender: string, caseName: string) => {
    const candidates = endpointGroups
      .filter(one => one.name === group)
      .map(({ concurrency }) => ({ name: caseName, sender, concurrency }));
    const [best] = candidates
      .map(contestant => ({
        contestant,
        key: describe(kind, contestant),
        rate: measured.median(describe(kind, contestant), readRate),
      }))
      .sort((a, b) => b.rate - a.rate);
    return best;
  };
  const base = findBest(bareLoop, group);
  const shown = [findBest(callboard, name), ...(name === group ? [base] : [])];
  return shown.map(({ contestant, key, rate }) => {
    const rates = measured.of(key).map(readRate);
    const ratio = measured.ratio(key, base.key, readRate);
    return [
      name,
      contestant.sender,
      formatCount(rate),
      `${formatCount(Math.min(...rates))}–${formatCount(Math.max(...rates))}`,
      String(contestant.concurrency),
      measured.median(key, ({ cpuMs }) => cpuMs).toFixed(3),
      ratio === undefined ? '' : formatShare(ratio),
    ];
  });
}
