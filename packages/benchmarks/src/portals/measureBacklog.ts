import { setTimeout as delay } from 'node:timers/promises';
import type {
  BenchmarkDatabase,
  DatabaseKind,
} from '../databases/BenchmarkDatabase';
import { postgres } from '../databases/postgres';
import { median } from '../report/statistics';
import type { Workbench } from '../Workbench';
import type { HandlerDescription, LoadOutcome } from './orders';
import { Portal } from './Portal';
import { callboardSystem } from './systems';

/** What a backlog costs. Sizes are bytes of resident memory of a whole portal. */
export interface BacklogCost {
  publishedPerSecond: number;
  publishing: MemoryUse;
  handledPerSecond: number;
  reading: MemoryUse;
  /** What one batch takes at places of the backlog. */
  batches: { start: BatchTimes; middle: BatchTimes; end: BatchTimes };
  trimmedPerSecond: number;
  /** How long `publish` takes while nothing else goes on, and while the log is trimmed. */
  publishAtRest: LoadOutcome['publishMs'];
  publishWhileTrimming: LoadOutcome['publishMs'];
  /** The longest that an append was seen to wait for a lock while the log was trimmed; undefined where nobody waits for locks. */
  blockedMs: number | undefined;
}

/** Medians of many batches. */
export interface BatchTimes {
  /** Of the statements of its claim and its settlement. */
  statementsMs: number;
  /** From its claim to the next. */
  intervalMs: number;
}

interface MemoryUse {
  beforeBytes: number;
  mostBytes: number;
}

const bytes = 1_024;
const run = 'backlog';
const handler: HandlerDescription = {
  id: 'backlog',
  topics: ['backlog'],
  behaviour: 'counts',
};
/**
 * Left to itself, V8 lets garbage pile up before it looks for more than the youngest: that is what it may take, and not
 * what a backlog needs. In a container it is bounded by the memory of that.
 */
export const oldSpaceMegabytes = 256;
/** So many batches make up a place of the backlog. */
const batchesAtPlace = 100;
const lookMs = 250;
const backlogLimitMs = 30 * 60_000;
/** What is published while the log is trimmed: calmly, so that a publisher waits for nothing but the trimming. */
const calmLoad = { topic: 'calm', publishers: 4, bytes, ratePerSecond: 100 };
const calmSeconds = 5;
/** Between two looks at whether an append waits for a lock. */
const lockLookMs = 5;

/**
 * Measures what a backlog costs Callboard.
 *
 * 1. A portal subscribes, and is killed.
 * 2. Another publishes the backlog, many events at once.
 * 3. A third starts, subscribes with the same id and reads the backlog.
 * 4. The second publishes calmly, first by itself, then while the third trims the log, all of which nobody needs any
 *    more.
 *
 * On a database for one process only, the third does what the second did.
 *
 * @throws Error when an event of the backlog was lost or repeated
 */
export async function measureBacklog(
  workbench: Workbench,
  kind: DatabaseKind,
  amount: number,
): Promise<BacklogCost> {
  const database = await kind.create(workbench);
  const started = new Set<Portal>();
  const start = async () => {
    const portal = await Portal.start(workbench, {
      module: callboardSystem.readerModule,
      database: database.config,
      config: { events: { log: { retention: { seconds: 1 } } } },
      nodeOptions: [`--max-old-space-size=${oldSpaceMegabytes}`],
    });
    started.add(portal);
    return portal;
  };
  const end = async (portal: Portal) => {
    started.delete(portal);
    await portal.end();
  };
  try {
    const first = await start();
    await first.subscribe(handler);
    await end(first);

    const writer = await start();
    const publishing = await publishBacklog(writer, amount);
    if (kind !== postgres) {
      await end(writer);
    }
    const reader = await start();
    const reading = await readBacklog(reader, amount);

    const publisher = kind === postgres ? writer : reader;
    const trimming = await trimBacklog(publisher, reader, database, amount);
    return { ...publishing, ...reading, ...trimming };
  } finally {
    await Promise.all([...started].map(end));
    await database.drop();
  }
}

async function publishBacklog(writer: Portal, amount: number) {
  const { seconds, memory } = await watchMemory(writer, () =>
    writer.order(
      'publishGroups',
      { run, topic: 'backlog', bytes, amount },
      backlogLimitMs,
    ),
  );
  return { publishedPerSecond: amount / seconds, publishing: memory };
}

async function readBacklog(reader: Portal, amount: number) {
  await reader.order('timeStatements', null);
  const { result, seconds, memory } = await watchMemory(reader, async () => {
    await reader.subscribe(handler);
    return reader.waitUntilHandled(handler.id, run, amount);
  });
  const { handled, repeated } = result;
  if (handled !== amount || repeated > 0) {
    throw new Error(
      `of ${amount} events ${
        amount - handled
      } were lost, and there were ${repeated} repetitions`,
    );
  }
  const { batches } = await reader.order('statementTimes', null);
  const readFrom = (first: number): BatchTimes => {
    const place = batches.slice(first).slice(0, batchesAtPlace);
    return {
      statementsMs: median(place.map(({ statementsMs }) => statementsMs)),
      intervalMs: median(place.map(({ intervalMs }) => intervalMs)),
    };
  };
  return {
    handledPerSecond: amount / seconds,
    reading: memory,
    batches: {
      start: readFrom(0),
      middle: readFrom(Math.floor((batches.length - batchesAtPlace) / 2)),
      end: readFrom(-batchesAtPlace),
    },
  };
}

async function trimBacklog(
  publisher: Portal,
  reader: Portal,
  database: BenchmarkDatabase,
  amount: number,
) {
  const atRest = await publisher.publish({
    ...calmLoad,
    run: 'at rest',
    seconds: calmSeconds,
  });
  let turn = 0;
  const outcomes: LoadOutcome['publishMs'][] = [];
  const trimming = trimUpTo(reader, database, amount);
  let isTrimming = true;
  trimming.finally(() => (isTrimming = false)).catch(() => {});
  const watching = watchLocks(database, () => isTrimming);
  watching.catch(() => {});
  while (isTrimming) {
    turn += 1;
    const { publishMs } = await publisher.publish({
      ...calmLoad,
      run: `while trimming, turn ${turn}`,
      seconds: calmSeconds,
    });
    outcomes.push(publishMs);
  }
  return {
    blockedMs: await watching,
    trimmedPerSecond: amount / (await trimming),
    publishAtRest: atRest.publishMs,
    publishWhileTrimming: {
      p50: median(outcomes.map(({ p50 }) => p50)),
      p99: Math.max(...outcomes.map(({ p99 }) => p99)),
      max: Math.max(...outcomes.map(({ max }) => max)),
    },
  };
}

/**
 * Looks at how long appends have waited for a lock of somebody else: not for the disk, which they share with everything.
 *
 * @returns the longest, in milliseconds; a wait that falls between two looks is missed
 */
async function watchLocks(
  database: BenchmarkDatabase,
  goesOn: () => boolean,
): Promise<number | undefined> {
  if (!database.watch) {
    return undefined;
  }
  let longestMs = 0;
  const watch = await database.watch();
  try {
    while (goesOn()) {
      const [{ ms }] = await watch.read<{ ms: number }>(
        `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start) * 1000), 0)::float AS ms
         FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'active'
           AND query LIKE 'SELECT callboard_append%' AND cardinality(pg_blocking_pids(pid)) > 0`,
      );
      longestMs = Math.max(longestMs, ms);
      await delay(lockLookMs);
    }
  } finally {
    await watch.end();
  }
  return longestMs;
}

/** Has the log trimmed up to a position, in as many turns as it takes; returns the seconds. */
async function trimUpTo(
  portal: Portal,
  database: BenchmarkDatabase,
  position: number,
): Promise<number> {
  const begin = performance.now();
  for (;;) {
    await portal.order('trim', null);
    await delay(lookMs);
    const [{ head }] = await database.read<{ head: string | number }>(
      'SELECT head FROM callboard_log',
    );
    const tookMs = performance.now() - begin;
    if (Number(head) >= position) {
      return tookMs / 1e3;
    }
    if (tookMs > backlogLimitMs) {
      throw new Error(`only ${head} of ${position} events were trimmed`);
    }
  }
}

/** Looks at the memory of a portal while something goes on. */
async function watchMemory<T>(portal: Portal, action: () => Promise<T>) {
  const { rssBytes } = await portal.order('usage', null);
  const memory: MemoryUse = { beforeBytes: rssBytes, mostBytes: rssBytes };
  let going = true;
  const watch = async () => {
    while (going) {
      const usage = await portal.order('usage', null);
      memory.mostBytes = Math.max(memory.mostBytes, usage.rssBytes);
      await delay(lookMs);
    }
  };
  const begin = performance.now();
  const watching = watch();
  // It is waited for below; until then its failure is nobody's.
  watching.catch(() => {});
  try {
    const result = await action();
    const seconds = (performance.now() - begin) / 1e3;
    going = false;
    await watching;
    return { result, seconds, memory };
  } finally {
    going = false;
  }
}
