import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import type { SendingRate } from './endpoints/drainBacklog';
import { sendGroups } from './endpoints/sendGroups';
import { planAmount, warmUp } from './endpoints/warmUp';
import {
  toPath,
  withEndpoints,
  type DeclaredEndpoint,
} from './endpoints/withEndpoints';
import type { MeasuringOptions } from './MeasuringOptions';
import { systemPackages } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, formatShare, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const bytes = 1_024;
const lookIntoOneOf = 100;
const topic = 'bench';
/** Only those that are well get it. */
const warmUpTopic = 'warm-up';

const well = Array.from(
  { length: 8 },
  (_, index): DeclaredEndpoint => ({
    id: `well-${index}`,
    topics: [topic, warmUpTopic],
  }),
);
/** A port that nobody listens on. */
const dead = { id: 'dead', topics: [topic], url: 'http://127.0.0.1:1/' };
const slow = { id: 'slow', topics: [topic] };

const alone = { name: 'alone', others: [] };
const companies: readonly {
  name: string;
  others: readonly DeclaredEndpoint[];
}[] = [
  alone,
  { name: 'beside a dead one and one that takes 14 s', others: [dead, slow] },
];

/**
 * How many events per second do eight endpoints get beside a dead and a slow one, next to when they are alone?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function doesADeadOrSlowEndpointSlowDownOthers(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  printSetup(
    'Does a dead or slow endpoint slow down the others?',
    systemPackages,
    [
      `Load: events of ${formatCount(
        bytes,
      )} bytes, published faster than they can be sent, ${rounds} rounds of about ${seconds} s for each company after ${warmUpSeconds} s of warm-up`,
      'All endpoints get the same events. Nobody listens where the dead one is; the others are at a receiver, another process',
    ],
  );
  const measured = new Rounds<SendingRate>();
  const kinds = await describeKinds(options);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) {
      for (const { name, others } of companies) {
        const value = await measureWell(workbench, kind, others, options);
        measured.add(round, describe(kind, name), value);
        print(
          `${kind.name}, round ${round}, eight ${name}: ${formatCount(
            value.rate,
          )}/s together, ${value.cpuMs.toFixed(3)} ms of CPU for each`,
        );
      }
    }
  }
  const rows = kinds.flatMap(kind =>
    companies.map(({ name }) => {
      const own = describe(kind, name);
      const readRate = ({ rate }: SendingRate) => rate;
      const ratio =
        measured.ratio(own, describe(kind, alone.name), readRate) ?? NaN;
      return [
        kind.name,
        name,
        formatCount(measured.median(own, readRate)),
        measured.median(own, ({ cpuMs }) => cpuMs).toFixed(3),
        formatShare(ratio),
      ];
    }),
  );
  print('');
  print(
    formatTable(
      ['database', 'the eight', 'sent/s to them', 'CPU ms', 'of alone'],
      rows,
      2,
    ),
  );
}

const describe = (kind: DatabaseKind, company: string) =>
  `${kind.name}, ${company}`;

/** What the eight get; the others get the same as soon as the warm-up is over. */
async function measureWell(
  workbench: Workbench,
  kind: DatabaseKind,
  others: readonly DeclaredEndpoint[],
  { seconds, warmUpSeconds }: MeasuringOptions,
): Promise<SendingRate> {
  return withEndpoints(
    workbench,
    { kind, endpoints: [...well, ...others], lookIntoOneOf },
    async site => {
      await site.receiver.order('behave', {
        path: toPath(slow),
        behaviour: 'after 14 s',
      });
      const paths = well.map(toPath);
      const expected = await warmUp(
        site,
        { topic: warmUpTopic, bytes, paths },
        warmUpSeconds,
      );
      const amount = planAmount(expected, seconds);
      return sendGroups(site, {
        run: 'measured',
        topic,
        bytes,
        amount,
        paths,
        due: amount * paths.length,
      });
    },
  );
}
