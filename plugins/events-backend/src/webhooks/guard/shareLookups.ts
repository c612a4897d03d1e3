import { performance } from 'node:perf_hooks';
import type { ResolveHost } from './ResolveHost';

/** Bounds of lookups. Durations in milliseconds. */
export interface LookupBounds {
  /** Lookups under way at once. */
  atOnce: number;
  /** Of these, lookups of hosts that were slow or failed the last time. */
  doubtfulAtOnce: number;
  /** From when on a lookup was slow. */
  slowMs: number;
  /** How long a failure is believed. */
  believedMs: number;
  /** Hosts that are remembered as slow or failing. */
  maxHosts: number;
}

/**
 * `dns.lookup` asks the operating system, and holds a thread of libuv until there is an answer: with a name server that
 * does not react some ten seconds. libuv has four threads for all of the process, and gives two of them to lookups
 * (https://docs.libuv.org/en/v1.x/threadpool.html). So two at once, and names that are in doubt one by one: the database
 * and the other receivers find a thread.
 */
const defaultBounds: LookupBounds = {
  atOnce: 2,
  doubtfulAtOnce: 1,
  slowMs: 1_000,
  believedMs: 5_000,
  maxHosts: 1_000,
};

/** A host that was slow or failed the last time. */
interface Doubt {
  failure?: { error: unknown; believedUntilMs: number };
}

interface Lookup {
  host: string;
  start: () => Promise<void>;
}

/**
 * Makes a resolver that spares the one it is given: a host that is being looked up is not looked up a second time, a
 * failure is believed for a moment, and few lookups are under way at once; the others wait, first come, first served.
 * Successes are not kept, so that each connect sees what the name resolves to then.
 *
 * @param resolve - is to end at some time
 * @returns fails with what `resolve` fails with. It may take as long as those before it, so who waits keeps a time limit.
 */
export function shareLookups(
  resolve: ResolveHost,
  bounds: Partial<LookupBounds> = {},
  clock: () => number = () => performance.now(),
): ResolveHost {
  const limits = { ...defaultBounds, ...bounds };
  const underWay = new Map<string, Promise<readonly string[]>>();
  const doubts = new Map<string, Doubt>();
  const waiting: Lookup[] = [];
  const running = { all: 0, doubtful: 0 };

  const remember = (host: string, doubt: Doubt | undefined) => {
    doubts.delete(host);
    if (doubt) {
      doubts.set(host, doubt);
    }
    if (doubts.size > limits.maxHosts) {
      const [oldest] = doubts.keys();
      doubts.delete(oldest);
    }
  };

  const lookUp = async (host: string): Promise<readonly string[]> => {
    const startedMs = clock();
    try {
      const addresses = await resolve(host);
      const isSlow = clock() - startedMs >= limits.slowMs;
      remember(host, isSlow ? {} : undefined);
      return addresses;
    } catch (error) {
      const believedUntilMs = clock() + limits.believedMs;
      remember(host, { failure: { error, believedUntilMs } });
      throw error;
    }
  };

  const startNext = () => {
    const mayStart = ({ host }: Lookup) =>
      running.all < limits.atOnce &&
      (!doubts.has(host) || running.doubtful < limits.doubtfulAtOnce);
    for (
      let index = waiting.findIndex(mayStart);
      index >= 0;
      index = waiting.findIndex(mayStart)
    ) {
      const [{ host, start }] = waiting.splice(index, 1);
      const doubtful = doubts.has(host) ? 1 : 0;
      running.all += 1;
      running.doubtful += doubtful;
      start().then(() => {
        running.all -= 1;
        running.doubtful -= doubtful;
        startNext();
      });
    }
  };

  const enqueue = (host: string) =>
    new Promise<readonly string[]>((settle, fail) => {
      waiting.push({ host, start: () => lookUp(host).then(settle, fail) });
      startNext();
    }).finally(() => underWay.delete(host));

  return async host => {
    const failure = doubts.get(host)?.failure;
    if (failure && clock() < failure.believedUntilMs) {
      throw failure.error;
    }
    const lookup = underWay.get(host) ?? enqueue(host);
    underWay.set(host, lookup);
    return lookup;
  };
}
