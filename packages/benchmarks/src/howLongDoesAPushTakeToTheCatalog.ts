import { setTimeout as delay } from 'node:timers/promises';
import { makeRandom } from '@callboard/backstage-plugin-events-backend-test-utils/github';
import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import { countCalls } from './github/countCalls';
import { Organization, type Component } from './github/Organization';
import type { MeasuringOptions } from './MeasuringOptions';
import { CatalogReader } from './portals/CatalogReader';
import {
  callboardFollower,
  followerPackages,
  readingToken,
  scan,
  stockFollower,
  withFollower,
  type Follower,
  type RunningFollower,
} from './portals/followers';
import { formatTable } from './report/formatTable';
import { formatCount, print, printSetup } from './report/print';
import { Rounds } from './report/Rounds';
import { distribute, type Distribution } from './report/statistics';
import type { Workbench } from './Workbench';

interface Size {
  repositories: number;
  pushes: number;
  creations: number;
  /** Within which the pushes come, at random moments. */
  windowMs: number;
}

const thorough: Size = {
  repositories: 100,
  pushes: 50,
  creations: 10,
  // The mean of the default processing interval, so that no part of it is met more often than another.
  windowMs: 125_000,
};
const quickly: Size = {
  repositories: 20,
  pushes: 5,
  creations: 2,
  windowMs: 10_000,
};

const seed = 20_261_126;
const scanEveryMs = 30 * 60_000;
/** Of creations, of which each waits for the next scan of the stock provider. */
const drawnWaits = 1_000;
/** Before those that count: a process is slow at what it does for the first time. */
const warmUpPushes = 3;
/** The longest default processing interval is 150 s. */
const limitMs = 240_000;
/** Between two looks for one component. */
const lookMs = 25;
/** Between two looks for all that is still to be shown, which takes a minute on average. */
const calmLookMs = 250;

/** As is recommended: what is shown has come by events, and not because it was its turn to be read again. */
const rareProcessing = { processingInterval: { hours: 3 } };

const hastened: Follower = {
  ...callboardFollower,
  catalog: {
    ...rareProcessing,
    stitchingStrategy: { pollingInterval: { milliseconds: 100 } },
  },
};
const unhastened: Follower = {
  ...callboardFollower,
  name: 'callboard, default stitching',
  catalog: rareProcessing,
};
const contestants = [stockFollower, hastened, unhastened];

/** A portal that is looked at. */
interface Contestant {
  follower: Follower;
  running: RunningFollower;
  reader: CatalogReader;
}

/** How long it took until the catalog showed what was done. */
interface Latencies {
  push: Distribution;
  creation: Distribution;
}

/**
 * How long does a push take until the API of the catalog shows what it changed?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howLongDoesAPushTakeToTheCatalog(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const { rounds } = options;
  const size = options.quick ? quickly : thorough;
  const { repositories, pushes, creations, windowMs } = size;
  printSetup(
    'How long does a push take until the catalog shows it?',
    followerPackages,
    [
      `An organization with ${repositories} repositories on a GitHub on localhost; the portals stand side by side and follow it`,
      `${pushes} pushes that change a description, one after the other, each at a random moment of ${
        windowMs / pushes / 1e3
      } s, then ${creations} new repositories one after the other; ${rounds} rounds`,
      'validateLocationsExist: true. From the push until the API of the catalog shows the new description, in real time',
      'stock: no events, the default processingInterval (100 to 150 s) and stitching (1 s). A new repository is seen at the next scan: its wait is drawn at random from 30 minutes, and what the scan and the catalog take is measured and added',
      'callboard: real webhooks, processingInterval 3 hours, catalog.stitchingStrategy.pollingInterval 100 ms, and once more with its default of 1 s',
    ],
  );
  const chosen = contestants.filter(
    ({ name }) => options.contestants?.includes(name) ?? true,
  );
  for (const kind of await describeKinds(options)) {
    const measured = new Rounds<Latencies>();
    for (let round = 1; round <= rounds; round += 1) {
      const latencies = await measureRound(workbench, kind, chosen, {
        ...size,
        seed: seed + round,
      });
      latencies.forEach((value, name) => measured.add(round, name, value));
    }
    printLatencies(kind, chosen, measured);
  }
}

async function measureRound(
  workbench: Workbench,
  kind: DatabaseKind,
  followers: readonly Follower[],
  options: Size & { seed: number },
): Promise<Map<string, Latencies>> {
  const organization = await Organization.start(workbench, options);
  try {
    return await withContestants(
      workbench,
      kind,
      organization,
      followers,
      portals => measureSideBySide(organization, portals, options),
    );
  } finally {
    await organization.end();
  }
}

async function withContestants<T>(
  workbench: Workbench,
  kind: DatabaseKind,
  organization: Organization,
  followers: readonly Follower[],
  use: (started: readonly Contestant[]) => Promise<T>,
  started: readonly Contestant[] = [],
): Promise<T> {
  const [follower, ...others] = followers;
  return follower
    ? withFollower(
        workbench,
        kind,
        follower,
        { organization, provider: { validateLocationsExist: true } },
        running => {
          const reader = new CatalogReader(
            running.portal.baseUrl,
            readingToken,
          );
          return withContestants(workbench, kind, organization, others, use, [
            ...started,
            { follower, running, reader },
          ]);
        },
      )
    : use(started);
}

async function measureSideBySide(
  organization: Organization,
  portals: readonly Contestant[],
  options: Size & { seed: number },
): Promise<Map<string, Latencies>> {
  const { repositories, seed: first } = options;
  for (const { reader } of portals) {
    await reader.waitUntil(
      async () => (await reader.count()) === repositories,
      { lookMs: calmLookMs, limitMs },
    );
  }
  const random = makeRandom(first);
  const sides = {
    told: portals.filter(({ follower }) => follower.isTold),
    untold: portals.filter(({ follower }) => !follower.isTold),
  };
  for (let count = 0; count < warmUpPushes; count += 1) {
    await timeUntilShown(sides.told, organization.push());
  }
  const pushed = await measurePushes(organization, sides, options, random);
  const created = await measureCreations(organization, sides, options);
  return new Map(
    portals.map(({ follower: { name, isTold } }) => [
      name,
      {
        push: distribute(pushed.of(name)),
        creation: distribute(
          isTold ? created.of(name) : drawWaits(created.of(name), random),
        ),
      },
    ]),
  );
}

/** Portals that GitHub tells of changes, and those that look for them. */
interface Sides {
  told: readonly Contestant[];
  untold: readonly Contestant[];
}

async function measurePushes(
  organization: Organization,
  { told, untold }: Sides,
  { repositories, pushes, windowMs }: Size,
  random: () => number,
): Promise<Stopwatches> {
  const stopwatches = new Stopwatches();
  const { github } = organization;
  const plan = planPushes(organization, { pushes, windowMs, random });
  github.resetRequestCounts();
  const begin = performance.now();
  const watching = untold.map(each => stopwatches.watch(each, pushes));
  for (const { repository, atMs } of plan) {
    await delay(Math.max(0, begin + atMs - performance.now()));
    const atMoment = performance.now();
    const component = organization.push(repository);
    stopwatches.begin(untold, component, atMoment);
    stopwatches.note(await timeUntilShown(told, component, atMoment));
  }
  await Promise.all(watching);
  const seconds = (performance.now() - begin) / 1e3;
  const counts = github.requestCounts;
  const { reads } = countCalls(counts);
  const others = reads - told.length * pushes;
  print(
    `${reads} reads of files within ${seconds.toFixed(0)} s, ${
      counts.notModified
    } of them answered 304: ${
      told.length
    } × ${pushes} of what was pushed, and ${others} others${
      others > 0
        ? `, which are one of each file every ${(
            (repositories / others) *
            seconds
          ).toFixed(0)} s`
        : ''
    }`,
  );
  return stopwatches;
}

async function measureCreations(
  organization: Organization,
  { told, untold }: Sides,
  { creations }: Size,
): Promise<Stopwatches> {
  const stopwatches = new Stopwatches();
  const components: Component[] = [];
  for (let count = 0; count < creations; count += 1) {
    const atMoment = performance.now();
    const component = organization.create();
    components.push(component);
    stopwatches.note(await timeUntilShown(told, component, atMoment));
  }
  for (const each of untold) {
    const atMoment = performance.now();
    components.forEach(component =>
      stopwatches.begin([each], component, atMoment),
    );
    await Promise.all([
      scan(each.running.portal),
      stopwatches.watch(each, creations),
    ]);
  }
  return stopwatches;
}

/** Different repositories, so that none is pushed to again while a catalog has yet to show it, each at a random moment of its own share of the time. */
function planPushes(
  organization: Organization,
  {
    pushes,
    windowMs,
    random,
  }: { pushes: number; windowMs: number; random: () => number },
) {
  const left = organization.list();
  return Array.from({ length: pushes }, (_, index) => {
    const [repository] = left.splice(Math.floor(random() * left.length), 1);
    return { repository, atMs: ((index + random()) * windowMs) / pushes };
  });
}

/** Looks until all portals show a component; tells how long each took. */
async function timeUntilShown(
  portals: readonly Contestant[],
  component: Component,
  begin: number = performance.now(),
): Promise<ReadonlyMap<string, number>> {
  const times = await Promise.all(
    portals.map(async ({ follower, reader }) => {
      await reader.waitUntil(() => reader.shows(component), {
        lookMs,
        limitMs,
      });
      return [follower.name, performance.now() - begin] as const;
    }),
  );
  return new Map(times);
}

/** Takes the time from something that was done until each portal shows it. */
class Stopwatches {
  readonly #ms = new Map<string, number[]>();
  readonly #running = new Map<string, (Component & { begin: number })[]>();

  /** What was taken of a portal. */
  of(portal: string): readonly number[] {
    return this.#ms.get(portal) ?? [];
  }

  /** @param times - in milliseconds, by the names of portals */
  note(times: ReadonlyMap<string, number>): void {
    times.forEach((ms, portal) =>
      this.#ms.set(portal, [...this.of(portal), ms]),
    );
  }

  begin(
    portals: readonly Contestant[],
    component: Component,
    begin: number,
  ): void {
    for (const { follower } of portals) {
      const running = this.#running.get(follower.name) ?? [];
      this.#running.set(follower.name, [...running, { ...component, begin }]);
    }
  }

  /** Looks until a portal has shown so many of those that were begun. */
  async watch(
    { follower: { name: portal }, reader }: Contestant,
    amount: number,
  ): Promise<void> {
    const look = async () => {
      const shown = await reader.findShown(this.#running.get(portal) ?? []);
      const now = performance.now();
      shown.forEach(({ begin }) => this.note(new Map([[portal, now - begin]])));
      // Others may have been begun meanwhile.
      const running = this.#running.get(portal) ?? [];
      this.#running.set(
        portal,
        running.filter(({ name }) => !shown.some(each => each.name === name)),
      );
      return this.of(portal).length >= amount;
    };
    await reader.waitUntil(look, {
      lookMs: calmLookMs,
      limitMs: 2 * limitMs,
    });
  }
}

/** Adds to what a scan takes how long it is until the next one begins, at any moment. */
function drawWaits(scanMs: readonly number[], random: () => number): number[] {
  return Array.from(
    { length: drawnWaits },
    (_, index) => random() * scanEveryMs + scanMs[index % scanMs.length],
  );
}

function printLatencies(
  kind: DatabaseKind,
  followers: readonly Follower[],
  measured: Rounds<Latencies>,
): void {
  const whats = [
    { name: 'a push', read: ({ push }: Latencies) => push },
    { name: 'a new repository', read: ({ creation }: Latencies) => creation },
  ];
  const rows = whats.flatMap(({ name: what, read }) =>
    followers.map(({ name }) => {
      const compare = (rank: 'p50' | 'p99') => {
        const ratio = measured.ratio(
          stockFollower.name,
          name,
          value => read(value)[rank],
        );
        return ratio === undefined ? '' : formatRatio(ratio);
      };
      return [
        what,
        name,
        formatSeconds(measured.median(name, value => read(value).p50)),
        compare('p50'),
        formatSeconds(measured.median(name, value => read(value).p99)),
        compare('p99'),
      ];
    }),
  );
  print(`\n${kind.name}:\n`);
  print(
    formatTable(
      ['what', 'portal', 'p50 s', 'of stock', 'p99 s', 'of stock'],
      rows,
      2,
    ),
  );
  print('');
}

const formatSeconds = (ms: number) => {
  const seconds = ms / 1e3;
  return seconds < 10 ? seconds.toFixed(2) : formatCount(seconds);
};

/** How many times as long the stock portal takes, as a part of it. */
const formatRatio = (times: number) =>
  times === 1 ? '1' : `1/${formatCount(times)}`;
