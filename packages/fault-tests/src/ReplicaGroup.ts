import { setTimeout as delay } from 'node:timers/promises';
import { joinHandlings, judge, type Handling, type Verdict } from './judge';
import { ReplicaProcess, type ReplicaOptions } from './ReplicaProcess';
import type { HandlingRecord, PublishingRecord } from './replicaProtocol';

/** What comes at all comes within seconds; on a machine that is busy with other things, within this time. */
const patienceMs = 180_000;

/** The replicas of one test. Ends them all, whatever happens. */
export class ReplicaGroup {
  readonly #replicas: ReplicaProcess[] = [];

  /**
   * Makes replicas and starts them: the first by itself, because Backstage makes tables of its own in an empty database
   * without regard for others that do, and the rest side by side.
   */
  async start([first, ...rest]: readonly ReplicaOptions[]): Promise<
    ReplicaProcess[]
  > {
    const pioneer = this.startOne(first);
    await pioneer.started;
    const others = rest.map(each => this.startOne(each));
    await Promise.all(others.map(({ started }) => started));
    return [pioneer, ...others].map(({ replica }) => replica);
  }

  /** Makes one replica, and says when it has started, which it may not if it is stopped meanwhile. */
  startOne(options: ReplicaOptions): {
    replica: ReplicaProcess;
    started: Promise<void>;
  } {
    const replica = new ReplicaProcess(options);
    this.#replicas.push(replica);
    const started = replica.start();
    // Whoever waits for it is told.
    started.catch(() => {});
    return { replica, started };
  }

  /** What was published so far. */
  readAcknowledged(): PublishingRecord[] {
    this.#read();
    return this.#replicas.flatMap(({ acknowledged }) => acknowledged);
  }

  /** How often publishing was refused so far. */
  countRefused(): number {
    this.#read();
    return this.#replicas
      .flatMap(({ records }) => records)
      .filter(({ kind }) => kind === 'refused').length;
  }

  /** What all replicas did so far for one subscription. */
  readHandlings(subscription: string): Handling[] {
    return this.#replicas.flatMap(replica =>
      joinHandlings(
        replica.name,
        replica
          .read()
          .filter(
            (record): record is HandlingRecord =>
              'subscription' in record && record.subscription === subscription,
          ),
      ),
    );
  }

  /** How many events of a subscription were handled to the end so far. */
  countHandled(subscription: string): number {
    this.#read();
    return this.#replicas
      .map(replica => replica.listHandled(subscription))
      .reduce((all, some) => new Set([...all, ...some]), new Set<string>())
      .size;
  }

  /** Resolves when so many events are published. */
  async waitForAcknowledged(
    count: number,
    limitMs = patienceMs,
  ): Promise<void> {
    await waitUntil(
      () => this.readAcknowledged().length >= count,
      () =>
        `${this.readAcknowledged().length} of ${count} events are published`,
      limitMs,
    );
  }

  /** Resolves when so many events are handled for a subscription. */
  async waitForHandled(
    subscription: string,
    count: number,
    limitMs = patienceMs,
  ): Promise<void> {
    await waitUntil(
      () => this.countHandled(subscription) >= count,
      () =>
        `${this.countHandled(
          subscription,
        )} of ${count} events are handled for ${subscription}`,
      limitMs,
    );
  }

  /** What became of the events of one subscription; of one topic, where more than one is published to. */
  judge(subscription: string, topic?: string): Verdict {
    return judge(
      this.readAcknowledged().filter(
        record => topic === undefined || record.topic === topic,
      ),
      this.readHandlings(subscription),
    );
  }

  #read(): void {
    this.#replicas.forEach(replica => replica.read());
  }

  async dispose(): Promise<void> {
    await Promise.all(
      this.#replicas.splice(0).map(replica => replica.dispose()),
    );
  }
}

/**
 * Looks again until something is so.
 *
 * @throws Error that tells how it stands, when it is not so within the limit
 */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  describe: () => string,
  limitMs = patienceMs,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) {
      throw new Error(`After ${limitMs} ms ${describe()}`);
    }
    await delay(50);
  }
}
