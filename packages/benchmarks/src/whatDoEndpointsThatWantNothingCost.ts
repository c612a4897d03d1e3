import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import { sendGroups } from './endpoints/sendGroups';
import { planAmount } from './endpoints/warmUp';
import { warmUpSingles } from './endpoints/warmUpSingles';
import {
  toPath,
  withEndpoints,
  type DeclaredEndpoint,
  type Site,
} from './endpoints/withEndpoints';
import type { MeasuringOptions } from './MeasuringOptions';
import { systemPackages } from './portals/systems';
import { formatTable } from './report/formatTable';
import { formatCount, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import type { Workbench } from './Workbench';

const topic = 'bench';
const bytes = 1_024;
/** What a portal with few webhooks may see; low enough for every case. */
const calmLoad = { publishers: 16, ratePerSecond: 100 };
const lookIntoOneOf = 100;
/** Of a turn of the warm-up. */
const warmUpRequests = 1_000;

/** Endpoints of one topic. */
interface Company {
  name: string;
  endpoints: number;
  /** So many teams are told of, one by each event. An endpoint wants one team, and each team one endpoint. */
  teams: number;
  /** Whether each endpoint wants everything instead. */
  wantsAll: boolean;
}

const companies: readonly Company[] = [
  { name: 'one of 10', endpoints: 10, teams: 10, wantsAll: false },
  {
    name: 'one of 100, always of the same 10',
    endpoints: 100,
    teams: 10,
    wantsAll: false,
  },
  {
    name: 'one of 1,000, always of the same 10',
    endpoints: 1_000,
    teams: 10,
    wantsAll: false,
  },
  {
    name: 'one of 1,000, each in turn',
    endpoints: 1_000,
    teams: 1_000,
    wantsAll: false,
  },
  { name: 'all of 10', endpoints: 10, teams: 10, wantsAll: true },
];

/** What the events of a company cost. Processor time is that of the portal; its database has its own. */
interface Cost {
  /** Events per second, when as many as possible are sent. */
  rate: number;
  /** Processor time for each event then, in milliseconds. */
  cpuMs: number;
  /** The same at a calm rate, less what the portal uses at rest. */
  calmCpuMs: number;
  /** Processor time at rest, in milliseconds for each second. */
  restCpuMs: number;
}

/**
 * What do endpoints cost that do not want an event, next to those that want it?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function whatDoEndpointsThatWantNothingCost(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = options;
  printSetup('What do endpoints cost that want nothing?', systemPackages, [
    `Load: events of ${formatCount(
      bytes,
    )} bytes of one topic, first as fast as they can be sent, then ${
      calmLoad.ratePerSecond
    } a second, then none; ${rounds} rounds of about ${seconds} s for each after ${warmUpSeconds} s of warm-up`,
    "Each endpoint has a filter of its own, payload.team == 'team-<n>'; those that want all have none",
  ]);
  const measured = new Rounds<Cost>();
  const kinds = await describeKinds(options);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) {
      for (const company of companies) {
        const cost = await measureCost(workbench, kind, company, options);
        measured.add(round, describe(kind, company), cost);
        print(
          `${kind.name}, round ${round}, ${company.name}: ${formatCount(
            cost.rate,
          )}/s, ${cost.cpuMs.toFixed(
            2,
          )} ms of CPU for each, ${cost.calmCpuMs.toFixed(2)} ms at ${
            calmLoad.ratePerSecond
          }/s, ${cost.restCpuMs.toFixed(1)} ms a second at rest`,
        );
      }
    }
  }
  const rows = kinds.flatMap(kind =>
    companies.map(company => {
      const name = describe(kind, company);
      const middle = (read: (cost: Cost) => number) =>
        measured.median(name, read);
      return [
        kind.name,
        company.name,
        formatCount(middle(({ rate }) => rate)),
        middle(({ cpuMs }) => cpuMs).toFixed(2),
        middle(({ calmCpuMs }) => calmCpuMs).toFixed(2),
        middle(({ restCpuMs }) => restCpuMs).toFixed(1),
      ];
    }),
  );
  print('');
  print(
    formatTable(
      [
        'database',
        'wanted by',
        'events/s',
        'CPU ms',
        `CPU ms at ${calmLoad.ratePerSecond}/s`,
        'CPU ms/s at rest',
      ],
      rows,
      2,
    ),
  );
}

const describe = (kind: DatabaseKind, { name }: Company) =>
  `${kind.name}, ${name}`;

async function measureCost(
  workbench: Workbench,
  kind: DatabaseKind,
  company: Company,
  options: MeasuringOptions,
): Promise<Cost> {
  const endpoints = Array.from(
    { length: company.endpoints },
    (_, index): DeclaredEndpoint => ({
      id: `team-${index}`,
      topics: [topic],
      ...(!company.wantsAll && { filter: `payload.team == 'team-${index}'` }),
    }),
  );
  return withEndpoints(
    workbench,
    { kind, endpoints, lookIntoOneOf },
    async site => {
      const load = {
        topic,
        bytes,
        teams: company.teams,
        paths: endpoints.map(toPath),
      };
      const matches = company.wantsAll ? company.endpoints : 1;
      const send = async (run: string, amount: number) => {
        const due = amount * matches;
        const { rate, cpuMs } = await sendGroups(site, {
          ...load,
          run,
          amount,
          due,
        });
        return { rate: rate / matches, cpuMs: cpuMs * matches };
      };
      const endMs = performance.now() + options.warmUpSeconds * 1e3;
      let expected: number;
      do {
        const warm = await send('warm-up', warmUpRequests / matches);
        expected = warm.rate;
      } while (performance.now() < endMs);
      const { rate, cpuMs } = await send(
        'as fast as it goes',
        planAmount(expected, options.seconds),
      );
      await warmUpSingles(site, { ...load, matches });
      const calm = await measureCalm(site, {
        ...load,
        matches,
        seconds: options.seconds,
      });
      return { rate, cpuMs, ...calm };
    },
  );
}

/** At rest, and then at a calm rate. */
async function measureCalm(
  { portal, receiver }: Site,
  options: {
    teams: number;
    paths: readonly string[];
    matches: number;
    seconds: number;
  },
): Promise<Pick<Cost, 'calmCpuMs' | 'restCpuMs'>> {
  const { teams, paths, matches, seconds } = options;
  await receiver.order('forget', null);
  const readCpu = async () => ({
    cpuMs: (await portal.order('usage', null)).cpuMs,
    atMs: performance.now(),
  });
  const start = await readCpu();
  await delay(seconds * 1e3);
  const rested = await readCpu();
  const { published } = await portal.publish({
    run: 'calm',
    topic,
    bytes,
    teams,
    ...calmLoad,
    seconds,
  });
  await receiver.waitUntilAnswered(paths, published * matches);
  const end = await readCpu();
  const restShare = (rested.cpuMs - start.cpuMs) / (rested.atMs - start.atMs);
  const ofRest = restShare * (end.atMs - rested.atMs);
  return {
    restCpuMs: restShare * 1e3,
    calmCpuMs: (end.cpuMs - rested.cpuMs - ofRest) / published,
  };
}
