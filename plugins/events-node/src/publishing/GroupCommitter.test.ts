import { ServiceUnavailableError } from '@backstage/errors';
import {
  GroupCommitter,
  groupOverheadBytes,
  type GroupCommitterOptions,
} from './GroupCommitter';

interface Outcome {
  position: number;
}

/** An append that the test lets succeed or fail when it wants. */
interface PendingAppend {
  topics: string[];
  succeed(): void;
  fail(error: Error): void;
}

/** A log whose appends end when the test says so. */
class ControlledLog {
  readonly #pending: PendingAppend[] = [];
  readonly #waiting: ((append: PendingAppend) => void)[] = [];
  #position = 0;
  underWay = 0;
  mostUnderWay = 0;

  append(topics: readonly string[]): Promise<Outcome[]> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    return new Promise<Outcome[]>((resolve, reject) => {
      const pending: PendingAppend = {
        topics: [...topics],
        succeed: () => {
          this.underWay -= 1;
          resolve(
            topics.map(() => {
              this.#position += 1;
              return { position: this.#position };
            }),
          );
        },
        fail: error => {
          this.underWay -= 1;
          reject(error);
        },
      };
      const waiting = this.#waiting.shift();
      if (waiting) {
        waiting(pending);
      } else {
        this.#pending.push(pending);
      }
    });
  }

  /** Waits for the next append. */
  next(): Promise<PendingAppend> {
    const pending = this.#pending.shift();
    return pending
      ? Promise.resolve(pending)
      : new Promise(resolve => this.#waiting.push(resolve));
  }

  get idle(): boolean {
    return this.#pending.length === 0 && this.underWay === 0;
  }
}

/** Waits for a promise to fail; attached before the failure comes, so that nobody calls it unhandled. */
async function readError(failing: Promise<unknown>): Promise<unknown> {
  try {
    await failing;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}

const eventBytes = 10;
const away = new Error('away');
const poison = new Error('poison');

function setUp(options: Partial<GroupCommitterOptions> = {}) {
  const log = new ControlledLog();
  const observed: { appended: number[]; failures: unknown[] } = {
    appended: [],
    failures: [],
  };
  const committer = new GroupCommitter({
    store: 'the store',
    append: (topics: readonly string[]) => log.append(topics),
    weigh: () => eventBytes,
    isUnavailable: error => error === away,
    options: {
      maxBatchItems: 100,
      maxBatchBytes: 10_000,
      maxQueuedBytes: 100_000,
      retryDelayMs: 250,
      appendTimeLimitMs: 5_000,
      ...options,
    },
    observer: {
      onAppended: topics => observed.appended.push(topics.length),
      onAppendFailed: error => observed.failures.push(error),
    },
  });
  const publish = (...topics: string[]) => committer.append(topics, 30_000);
  return { log, committer, publish, observed };
}

describe('GroupCommitter', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('lets concurrent publishers share one append', async () => {
    const { log, publish, observed } = setUp();
    const published = [publish('a'), publish('b', 'c'), publish('d')];
    const append = await log.next();
    expect(append.topics).toEqual(['a', 'b', 'c', 'd']);
    append.succeed();
    await expect(Promise.all(published)).resolves.toEqual([
      [{ position: 1 }],
      [{ position: 2 }, { position: 3 }],
      [{ position: 4 }],
    ]);
    expect(observed).toEqual({ appended: [4], failures: [] });
  });

  it('has one append under way, and gathers the next meanwhile', async () => {
    const { log, publish } = setUp();
    const first = publish('a');
    const append = await log.next();
    const rest = [publish('b'), publish('c')];
    append.succeed();
    await first;
    const second = await log.next();
    expect(second.topics).toEqual(['b', 'c']);
    second.succeed();
    await Promise.all(rest);
    expect(log.mostUnderWay).toBe(1);
    expect(log.idle).toBe(true);
  });

  it('appends no more events at once than the limit', async () => {
    const { log, publish } = setUp({ maxBatchItems: 3 });
    const published = [publish('a'), publish('b', 'c'), publish('d')];
    const first = await log.next();
    expect(first.topics).toEqual(['a', 'b', 'c']);
    first.succeed();
    const second = await log.next();
    expect(second.topics).toEqual(['d']);
    second.succeed();
    await Promise.all(published);
  });

  it('appends no more bytes at once than the limit', async () => {
    const { log, publish } = setUp({ maxBatchBytes: 2 * eventBytes });
    const published = [publish('a'), publish('b'), publish('c')];
    const first = await log.next();
    expect(first.topics).toEqual(['a', 'b']);
    first.succeed();
    (await log.next()).succeed();
    await Promise.all(published);
  });

  it('never splits a group, even one that is larger than a batch', async () => {
    const { log, publish } = setUp({ maxBatchItems: 2 });
    const published = [publish('a'), publish('b', 'c', 'd'), publish('e')];
    const batches: string[][] = [];
    for (let count = 0; count < 3; count += 1) {
      const append = await log.next();
      batches.push(append.topics);
      append.succeed();
    }
    await Promise.all(published);
    expect(batches).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
  });

  it('does not forget what is published right at the end of a drain', async () => {
    const { log, publish } = setUp();
    const first = publish('a');
    (await log.next()).succeed();
    // In the turns of the event loop right behind the end of the first, one after the other.
    for (let turns = 0; turns < 10; turns += 1) {
      await first;
      for (let turn = 0; turn < turns; turn += 1) {
        await Promise.resolve();
      }
      const late = publish('late');
      (await log.next()).succeed();
      await expect(late).resolves.toHaveLength(1);
    }
  });

  it('tries again while the store is away, in the order of publishing', async () => {
    const { log, publish, observed } = setUp();
    const first = publish('a');
    const failing = await log.next();
    const second = publish('b');
    failing.fail(away);
    await jest.advanceTimersByTimeAsync(250);
    const again = await log.next();
    expect(again.topics).toEqual(['a', 'b']);
    again.succeed();
    await expect(first).resolves.toEqual([{ position: 1 }]);
    await expect(second).resolves.toEqual([{ position: 2 }]);
    expect(observed.failures).toEqual([away]);
  });

  it('pauses before it tries again', async () => {
    const { log, publish } = setUp();
    const published = publish('a');
    (await log.next()).fail(away);
    await jest.advanceTimersByTimeAsync(249);
    expect(log.idle).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    (await log.next()).succeed();
    await published;
  });

  it('rejects when the time of a publisher is up, and tries on for the others', async () => {
    const { log, committer, publish } = setUp();
    const hasty = committer.append(['hasty'], 100);
    const rejected = readError(hasty);
    const patient = publish('patient');
    (await log.next()).fail(away);
    await jest.advanceTimersByTimeAsync(250);
    expect(await rejected).toBeInstanceOf(ServiceUnavailableError);
    const again = await log.next();
    expect(again.topics).toEqual(['patient']);
    again.succeed();
    await patient;
  });

  it('keeps the order of publishing when the store goes away while a refused batch is appended one by one', async () => {
    const { log, publish } = setUp();
    const published = [publish('a'), publish('b'), publish('c')];
    (await log.next()).fail(poison);
    (await log.next()).fail(away);
    await jest.advanceTimersByTimeAsync(250);
    const again = await log.next();
    expect(again.topics).toEqual(['a', 'b', 'c']);
    again.succeed();
    await Promise.all(published);
  });

  it('tries again when an append hangs', async () => {
    const { log, publish, observed } = setUp();
    const published = publish('a');
    await log.next();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(observed.failures).toEqual([expect.any(ServiceUnavailableError)]);
    await jest.advanceTimersByTimeAsync(250);
    (await log.next()).succeed();
    await published;
  });

  it('rejects an event that the store refuses, and no other', async () => {
    const { log, publish } = setUp();
    const good = publish('good');
    const bad = publish('bad');
    const rejected = readError(bad);
    const fine = publish('fine', 'subtopic');
    (await log.next()).fail(poison);
    for (let count = 0; count < 3; count += 1) {
      const single = await log.next();
      if (single.topics.includes('bad')) {
        single.fail(poison);
      } else {
        single.succeed();
      }
    }
    expect(await rejected).toBe(poison);
    await expect(good).resolves.toHaveLength(1);
    await expect(fine).resolves.toHaveLength(2);
    expect(log.mostUnderWay).toBe(1);
  });

  it('refuses what would make too much wait', async () => {
    const { log, publish } = setUp({
      maxQueuedBytes: 3 * (eventBytes + groupOverheadBytes),
    });
    const accepted = [publish('under way')];
    const append = await log.next();
    accepted.push(publish('b'), publish('c'));
    await expect(publish('d')).rejects.toThrow(ServiceUnavailableError);
    append.succeed();
    await accepted[0];
    (await log.next()).succeed();
    await Promise.all(accepted);
    const afterwards = publish('e');
    (await log.next()).succeed();
    await expect(afterwards).resolves.toHaveLength(1);
  });

  it('makes room again when a publisher whose time was up is rejected', async () => {
    const { log, committer, publish } = setUp({
      maxQueuedBytes: eventBytes + groupOverheadBytes,
    });
    const first = publish('a');
    const append = await log.next();
    const hasty = readError(committer.append(['b'], 100));
    await jest.advanceTimersByTimeAsync(100);
    expect(await hasty).toBeInstanceOf(ServiceUnavailableError);
    append.succeed();
    await first;
    const next = publish('c');
    (await log.next()).succeed();
    await next;
  });

  it('waits at the stop for what was accepted, and accepts no more', async () => {
    const { log, committer, publish } = setUp();
    const first = publish('a');
    const append = await log.next();
    const second = publish('b');
    let stopped = false;
    const stopping = committer.stop().then(() => {
      stopped = true;
    });
    await expect(publish('c')).rejects.toThrow(ServiceUnavailableError);
    append.succeed();
    await first;
    expect(stopped).toBe(false);
    (await log.next()).succeed();
    await second;
    await stopping;
    await committer.stop();
  });
});
