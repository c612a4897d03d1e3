import type { MeasuringOptions } from './MeasuringOptions';
import { chooseSystems } from './portals/chooseSystems';
import type { HandlerDescription } from './portals/orders';
import type { Portal } from './portals/Portal';
import { callboardSystem, stockSystem } from './portals/systems';
import { withPortals } from './portals/withPortals';
import { formatTable } from './report/formatTable';
import { formatCount, print } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const load = { publishers: 16, bytes: 1_024 };

const counts = 'counts' satisfies HandlerDescription['behaviour'];

/** Who else hears the events of the fast handler; trouble comes last, because it outlasts its measurement. */
const companies: readonly {
  company: string;
  others: readonly HandlerDescription['behaviour'][];
}[] = [
  { company: 'alone', others: [] },
  { company: 'beside two that are fast', others: [counts, counts] },
  {
    company: 'beside one that takes 10 s and one that always throws',
    others: ['takes 10 s', 'throws'],
  },
];
const [alone] = companies;

const places = ['another process', 'the same process'] as const;

/**
 * How many events per second does a handler get beside a slow one and one that fails, next to when it is alone?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function doesASlowOrFailingSubscriberSlowDownOthers(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  const chosen = await chooseSystems(
    'Does a slow or failing subscriber slow down the others?',
    [
      `Load: ${load.publishers} publishers for ${seconds} s, events of ${load.bytes} bytes, ${rounds} rounds, ${warmUpSeconds} s of warm-up`,
      'The handlers subscribe to the same topic, each with an id of its own, in one process',
    ],
    options,
    [stockSystem, callboardSystem],
  );
  const measured = new Rounds<number>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const system of chosen) {
      for (const place of places) {
        await withPortals(workbench, system, async ({ publisher, reader }) => {
          const portal = place === 'another process' ? reader : publisher;
          for (const [index, { company, others }] of companies.entries()) {
            const rate = await measureFastHandler(publisher, portal, {
              topic: `bench-${index}`,
              others,
              seconds,
              // One warm-up is enough for a process.
              warmUpSeconds: index === 0 ? warmUpSeconds : 0,
            });
            measured.add(round, describe(system.name, place, company), rate);
            print(
              `round ${round}, ${
                system.name
              }, handlers in ${place}, ${company}: ${formatCount(rate)}/s`,
            );
          }
        });
      }
    }
  }
  if (chosen.length === 0) {
    return;
  }
  const rows = places.flatMap(place =>
    chosen.flatMap(({ name }) =>
      companies.map(({ company }) => {
        const own = describe(name, place, company);
        const base = describe(name, place, alone.company);
        const ratio = measured.ratio(own, base, rate => rate) ?? NaN;
        return [
          place,
          name,
          company,
          formatCount(measured.median(own, rate => rate)),
          `${(ratio * 100).toFixed(0)} %`,
        ];
      }),
    ),
  );
  print('');
  print(
    formatTable(
      ['handlers in', 'contestant', 'the fast one', 'handled/s', 'of alone'],
      rows,
      3,
    ),
  );
}

const describe = (system: string, place: string, company: string) =>
  [system, place, company].join(', ');

/** Events per second that the fast handler is given, from the first `publish` on. */
async function measureFastHandler(
  publisher: Portal,
  portal: Portal,
  options: {
    topic: string;
    others: readonly HandlerDescription['behaviour'][];
    seconds: number;
    warmUpSeconds: number;
  },
): Promise<number> {
  const { topic, others, seconds, warmUpSeconds } = options;
  const fast = `fast-${topic}`;
  await portal.subscribe({ id: fast, topics: [topic], behaviour: counts });
  await publisher.publishUntilHeard(portal, fast, topic);
  if (warmUpSeconds > 0) {
    const run = 'warm-up';
    const { published } = await publisher.publish({
      ...load,
      topic,
      run,
      seconds: warmUpSeconds,
    });
    await portal.waitUntilHandled(fast, run, published);
  }
  for (const [index, behaviour] of others.entries()) {
    await portal.subscribe({
      id: `other-${topic}-${index}`,
      topics: [topic],
      behaviour,
    });
  }

  const run = 'measured';
  const { published, firstAtUs } = await publisher.publish({
    ...load,
    topic,
    run,
    seconds,
  });
  const tally = await portal.waitUntilHandled(fast, run, published);
  // When publishers are held up, few events come, and soon: what counts is the time that was given.
  const tookSeconds = Math.max(seconds, (tally.lastAtUs - firstAtUs) / 1e6);
  return tally.handled / tookSeconds;
}
