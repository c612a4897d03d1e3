import { setTimeout as delay } from 'node:timers/promises';
import { makeRandom } from '@callboard/backstage-plugin-events-backend-test-utils/github';
import type { DatabaseKind } from './databases/BenchmarkDatabase';
import { describeKinds } from './databases/describeKinds';
import {
  addCalls,
  countCalls,
  multiplyCalls,
  noCalls,
  subtractCalls,
  sumProvider,
  type Calls,
} from './github/countCalls';
import {
  dayMs,
  operationKinds,
  planDay,
  type OperationCounts,
  type OperationKind,
  type PlannedOperation,
} from './github/operations';
import { Organization } from './github/Organization';
import type { MeasuringOptions } from './MeasuringOptions';
import {
  callboardFollower,
  checkTargets,
  followerPackages,
  scan,
  stockFollower,
  withFollower,
  type Follower,
  type RunningFollower,
} from './portals/followers';
import { recoveryTask } from './portals/followerTasks';
import { formatTable } from './report/formatTable';
import { formatCount, formatMs, print, printSetup } from './report/print';
import { distribute, type Distribution } from './report/statistics';
import type { Workbench } from './Workbench';

interface Size {
  repositories: number;
  operations: OperationCounts;
  /** Scans of the stock provider that are really run. */
  stockScans: number;
}

const thorough: Size = {
  repositories: 1_000,
  operations: {
    push: 2_000,
    creation: 20,
    renaming: 10,
    archival: 5,
    deletion: 5,
  },
  stockScans: 4,
};
const quickly: Size = {
  repositories: 100,
  operations: { push: 60, creation: 4, renaming: 2, archival: 1, deletion: 1 },
  stockScans: 1,
};

const seed = 20_261_126;
const scanEveryMs = 30 * 60_000;
const scansOfADay = dayMs / scanEveryMs;
/** By default. */
const recoverEveryMs = 10 * 60_000;
const lookMs = 10;
const followLimitMs = 30_000;

/** What a day costs, and what of it each kind of thing that happens. */
interface Day {
  calls: Calls;
  byCause: ReadonlyMap<Cause, Calls>;
  /** How long it took from a push until the catalog had been told; of portals that are told of pushes. */
  followMs?: Distribution;
}

type Cause = OperationKind | 'scan' | 'recovery';

/** A contestant, and what it is configured with. */
interface Case {
  follower: Follower;
  validates: boolean;
}

/**
 * How many calls to GitHub does a day cost?
 *
 * @remarks
 * How it is measured, and what the columns mean, is told in `docs/operations/performance.md`.
 */
export async function howManyCallsToGithubDoesADayCost(
  workbench: Workbench,
  options: MeasuringOptions,
): Promise<void> {
  const size = options.quick ? quickly : thorough;
  const { repositories, operations, stockScans } = size;
  printSetup('How many calls to GitHub does a day cost?', followerPackages, [
    `A day of an organization with ${formatCount(
      repositories,
    )} repositories on a GitHub on localhost: ${operationKinds
      .map(kind => `${formatCount(operations[kind])} × ${kind}`)
      .join(', ')}, each at a random moment, seed ${seed}`,
    'Time is simulated: the clocks of GitHub and of the portal are put ahead from one operation to the next, and each is followed before the next one happens',
    `stock: no events, a scan every 30 minutes with the default pageSizes; ${stockScans} of the ${scansOfADay} scans are run, one after the other from noon on, and their calls multiplied by ${
      scansOfADay / stockScans
    }`,
    'callboard: real webhooks, one scan a day, a look for webhooks that did not arrive every 10 minutes',
    'Not counted: the first scan of a new portal. catalog.processingInterval: false, so the catalog reads no file, and all calls are the provider’s',
  ]);
  const [kind] = await describeKinds(options);
  if (!kind) {
    return;
  }
  print(`Measured on ${kind.name} alone: calls do not depend on the database`);
  const cases = (options.quick ? [false] : [false, true]).flatMap(validates =>
    [stockFollower, callboardFollower]
      .filter(({ name }) => options.contestants?.includes(name) ?? true)
      .map((follower): Case => ({ follower, validates })),
  );
  // Side by side, each with a GitHub of its own: they wait most of the time, and calls do not depend on it.
  const days = new Map(
    await Promise.all(
      cases.map(async (each): Promise<[Case, Day]> => {
        const measure =
          each.follower === stockFollower ? measureStock : measureCallboard;
        return [each, await measure(workbench, kind, size, each.validates)];
      }),
    ),
  );
  printDays(days);
  printCauses(days, operations);
  printReads(size);
}

/** Runs some of the scans of a day, and reckons the day from them. */
async function measureStock(
  workbench: Workbench,
  kind: DatabaseKind,
  size: Size,
  validates: boolean,
): Promise<Day> {
  const measure = async (
    organization: Organization,
    day: SimulatedDay,
    running: RunningFollower,
  ) => {
    const { github } = organization;
    const noonMs = dayMs / 2;
    await day.passUntil(noonMs);
    github.resetRequestCounts();
    for (let count = 1; count <= size.stockScans; count += 1) {
      await day.passUntil(noonMs + count * scanEveryMs);
      await scan(running.portal);
    }
    const measured = countCalls(github.requestCounts);
    await checkTargets(running, organization);
    const calls = multiplyCalls(measured, scansOfADay / size.stockScans);
    return { calls, byCause: new Map<Cause, Calls>([['scan', calls]]) };
  };
  return withDay(
    workbench,
    kind,
    { follower: stockFollower, validates },
    size,
    measure,
  );
}

async function measureCallboard(
  workbench: Workbench,
  kind: DatabaseKind,
  size: Size,
  validates: boolean,
): Promise<Day> {
  const measure = async (
    organization: Organization,
    day: SimulatedDay,
    running: RunningFollower,
  ) => {
    const { github } = organization;
    const { portal } = running;
    const byCause = new Map<Cause, Calls>();
    github.resetRequestCounts();
    const followMs: number[] = [];
    let before = noCalls;
    const note = (cause: Cause) => {
      const now = countCalls(github.requestCounts);
      byCause.set(
        cause,
        addCalls(byCause.get(cause) ?? noCalls, subtractCalls(now, before)),
      );
      before = now;
    };
    day.onOperation(async operation => {
      const begin = performance.now();
      await followAll(organization, running);
      if (operation === 'push') {
        followMs.push(performance.now() - begin);
      }
      note(operation);
    });
    for (
      let untilMs = recoverEveryMs;
      untilMs <= dayMs;
      untilMs += recoverEveryMs
    ) {
      await day.passUntil(untilMs);
      await portal.order('runTask', { id: recoveryTask });
      note('recovery');
    }
    await scan(portal);
    await followAll(organization, running);
    note('scan');
    await checkTargets(running, organization);
    checkDeliveries(organization);
    return {
      calls: countCalls(github.requestCounts),
      byCause,
      followMs: distribute(followMs),
    };
  };
  return withDay(
    workbench,
    kind,
    { follower: callboardFollower, validates },
    size,
    measure,
  );
}

/** Plays what happens on a day, by the clocks of GitHub and of a portal. */
class SimulatedDay {
  readonly #organization: Organization;
  readonly #running: RunningFollower;
  readonly #begunMs: number;
  readonly #left: PlannedOperation[];
  #afterOperation = async (_: OperationKind) => {};

  constructor(
    organization: Organization,
    running: RunningFollower,
    plan: readonly PlannedOperation[],
  ) {
    this.#organization = organization;
    this.#running = running;
    this.#begunMs = organization.nowMs;
    this.#left = [...plan];
  }

  /** What is waited for after each operation. */
  onOperation(wait: (kind: OperationKind) => Promise<void>): void {
    this.#afterOperation = wait;
  }

  /** Has happen what happens until then, one thing after the other. */
  async passUntil(untilMs: number): Promise<void> {
    while (this.#left.length > 0 && this.#left[0].atMs <= untilMs) {
      const [{ kind, atMs }] = this.#left.splice(0, 1);
      await this.#moveClocks(atMs);
      this.#organization.perform(kind);
      await this.#afterOperation(kind);
    }
    await this.#moveClocks(untilMs);
  }

  async #moveClocks(atMs: number): Promise<void> {
    const aheadMs = this.#organization.moveClock(this.#begunMs + atMs);
    await this.#running.portal.order('moveClock', { aheadMs });
  }
}

async function withDay<T>(
  workbench: Workbench,
  kind: DatabaseKind,
  { follower, validates }: Case,
  { repositories, operations }: Size,
  measure: (
    organization: Organization,
    day: SimulatedDay,
    running: RunningFollower,
  ) => Promise<T>,
): Promise<T> {
  const organization = await Organization.start(workbench, {
    repositories,
    seed,
  });
  try {
    return await withFollower(
      workbench,
      kind,
      follower,
      {
        organization,
        provider: { validateLocationsExist: validates },
        catalog: { processingInterval: false },
      },
      running =>
        measure(
          organization,
          new SimulatedDay(
            organization,
            running,
            planDay(operations, makeRandom(seed)),
          ),
          running,
        ),
    );
  } finally {
    await organization.end();
  }
}

/** Waits until every webhook has been read, and nothing is left to follow. */
async function followAll(
  organization: Organization,
  { portal, app }: RunningFollower,
): Promise<void> {
  await organization.github.settleWebhooks();
  const end = performance.now() + followLimitMs;
  for (;;) {
    const { read, waiting } = await portal.order('hintCounts', null);
    if (read >= app.announced && waiting === 0) {
      return;
    }
    if (performance.now() > end) {
      checkDeliveries(organization);
      throw new Error(
        `The provider has read ${read} of ${app.announced} webhooks, and ${waiting} hints wait to be followed`,
      );
    }
    await delay(lookMs);
  }
}

/** @throws Error when a webhook was not taken */
function checkDeliveries({ github }: Organization): void {
  const refused = github.deliveries
    .list()
    .filter(({ statusCode }) => statusCode !== 202);
  if (refused.length > 0) {
    throw new Error(
      `${refused.length} webhooks were not answered with 202, such as one with ${refused[0].status}`,
    );
  }
}

function printDays(days: ReadonlyMap<Case, Day>): void {
  const rows = [...days].map(([{ follower, validates }, { calls }]) => {
    const stock = [...days].find(
      ([other]) =>
        other.follower === stockFollower && other.validates === validates,
    )?.[1].calls;
    const compare = (read: (calls: Calls) => number) => {
      if (!stock || stock === calls) {
        return stock ? '1' : '';
      }
      return `1/${(read(stock) / read(calls)).toFixed(1)}`;
    };
    return [
      String(validates),
      follower.name,
      formatCount(calls.graphql),
      formatCount(calls.tokens),
      formatCount(sumProvider(calls)),
      compare(sumProvider),
      formatCount(calls.points),
      formatCount(calls.recovery),
      compare(each => sumProvider(each) + each.recovery),
    ];
  });
  print('');
  print(
    formatTable(
      [
        'validateLocationsExist',
        'provider',
        'queries',
        'for tokens',
        'calls',
        'of stock',
        'points',
        'for lost webhooks',
        'of stock with these',
      ],
      rows,
      2,
    ),
  );
  print('');
}

function printCauses(
  days: ReadonlyMap<Case, Day>,
  operations: OperationCounts,
): void {
  for (const [{ validates }, { byCause, followMs }] of days) {
    if (followMs) {
      const counts = {
        ...operations,
        scan: 1,
        recovery: dayMs / recoverEveryMs,
      };
      print(
        `callboard, validateLocationsExist ${validates}; from a push until the catalog was told: p50 ${formatMs(
          followMs.p50,
        )} ms, p99 ${formatMs(followMs.p99)} ms\n`,
      );
      print(
        formatTable(
          ['what', 'times', 'queries', 'for tokens', 'for lost webhooks'],
          [...byCause].map(([cause, calls]) => [
            cause,
            formatCount(counts[cause]),
            formatCount(calls.graphql),
            formatCount(calls.tokens),
            formatCount(calls.recovery),
          ]),
        ),
      );
      print('');
    }
  }
}

/** What the catalog reads besides, as it follows from the interval: each file in its turn, and what webhooks tell of. */
function printReads({ repositories, operations }: Size): void {
  const { push, creation, renaming } = operations;
  const told = push + creation + renaming;
  const hourMs = 3_600_000;
  const intervals = [
    { name: 'default: 100 to 150 s', meanMs: 125_000 },
    { name: '3 hours: 3 to 4.5 hours', meanMs: 3.75 * hourMs },
  ];
  print('Reads of files by the catalog besides, reckoned:\n');
  print(
    formatTable(
      ['processingInterval', 'in their turn', 'told by webhooks'],
      intervals.map(({ name, meanMs }) => [
        name,
        formatCount((repositories * dayMs) / meanMs),
        formatCount(told),
      ]),
    ),
  );
  print('');
}
