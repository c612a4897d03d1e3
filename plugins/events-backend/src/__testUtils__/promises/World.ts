import { NotFoundError } from '@backstage/errors';
import { SubscriptionMissingError } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../../database';
import type { Batch } from '../../model/batch';
import { createPools, type Pools } from '../pools';
import { History, type Operation } from './History';
import { ConnectionLostError, type Mishap, type Stepper } from './Stepper';

/** Somebody who claims and settles, in one of the replicas. */
export interface Reader {
  replica: number;
  /** What it has in hand, or has settled already and may try to settle again. */
  held: { batch: Batch; settled: boolean }[];
}

const readerCount = 4;

/** Everything that the commands act upon. */
export class World {
  readonly history = new History();
  readonly readers: Reader[];
  /** The pools of each replica. */
  readonly replicas: Pools[];
  /** Pools that look at the store without waiting for a turn. */
  readonly onlooker: Pools;
  readonly stepper: Stepper;
  /** How far the follower of the log has read. */
  followedTo = 0;
  /**
   * The log keeps events for days, and a publisher tries again for seconds: nothing is published again once it may be
   * trimmed.
   */
  trimmed = false;
  publishingAgain = 0;
  readonly #maxAttempts: number;

  constructor(options: {
    store: Store;
    replicas: readonly Store[];
    stepper: Stepper;
    maxAttempts: number;
  }) {
    this.stepper = options.stepper;
    this.#maxAttempts = options.maxAttempts;
    this.history.maxAttempts = options.maxAttempts;
    this.onlooker = createPools(options.store);
    this.replicas = options.replicas.map(store => this.#createPools(store));
    this.readers = Array.from({ length: readerCount }, (_, index) => ({
      replica: index % this.replicas.length,
      held: [],
    }));
  }

  /** Opens new pools in a replica; whoever read in it has forgotten its tickets. */
  restart(replica: number): Pools {
    this.replicas[replica] = this.#createPools(this.replicas[replica].store);
    for (const reader of this.readers) {
      if (reader.replica === replica) {
        reader.held = [];
      }
    }
    return this.replicas[replica];
  }

  poolsOf(reader: Reader): Pools {
    return this.replicas[reader.replica];
  }

  /**
   * Runs an operation step by step, and notes when it began and ended.
   *
   * @returns the answer; undefined when the connection was lost, or there was nothing to operate on
   */
  async perform<T>(
    name: string,
    mishap: Mishap | undefined,
    operation: () => Promise<T>,
  ): Promise<Operation<T>> {
    const start = this.history.tick();
    let answer: T | undefined;
    try {
      answer = await this.stepper.run(name, mishap, operation);
    } catch (error) {
      const isExpected =
        error instanceof ConnectionLostError ||
        error instanceof SubscriptionMissingError ||
        error instanceof NotFoundError;
      if (!isExpected) {
        this.history.errors.push(`${name} failed: ${error}`);
      }
    }
    return { start, end: this.history.tick(), answer };
  }

  #createPools(store: Store): Pools {
    return createPools(store, { maxAttempts: this.#maxAttempts });
  }
}
