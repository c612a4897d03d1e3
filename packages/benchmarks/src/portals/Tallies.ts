import type { EventParams } from '@backstage/plugin-events-node';
import { distribute, type Distribution } from '../report/statistics';
import { nowUs } from './clock';
import type { Tally } from './orders';
import type { MeasuredPayload } from './payload';

/** Latencies that are kept of a run: of all but a backlog, whose events wait by intention. */
const maxLatencies = 500_000;

/** Counts what handlers are given, each event of each run by its number. */
export class Tallies {
  readonly #tallies = new Map<string, RunTally>();

  /** An event is in a handler's hands. */
  count(
    handler: string,
    { eventPayload }: EventParams,
    handledAtUs: number = nowUs(),
  ): void {
    // Nobody else publishes to the topics of the benchmark.
    const { run, number, publishedAtUs } = eventPayload as MeasuredPayload;
    this.#find(handler, run).count(number, publishedAtUs, handledAtUs);
  }

  /** What a handler was given of a run so far. */
  read(handler: string, run: string): Tally {
    return this.#find(handler, run).read();
  }

  /** Milliseconds from the call of `publish` to the handler. */
  readLatency(handler: string, run: string): Distribution {
    return this.#find(handler, run).readLatency();
  }

  #find(handler: string, run: string): RunTally {
    const name = JSON.stringify([handler, run]);
    let tally = this.#tallies.get(name);
    if (!tally) {
      tally = new RunTally();
      this.#tallies.set(name, tally);
    }
    return tally;
  }
}

class RunTally {
  /** Whether an event was handled, by its number. */
  #seen = new Uint8Array(1_024);
  #handled = 0;
  #repeated = 0;
  #lastAtUs = 0;
  readonly #latenciesMs: number[] = [];

  count(number: number, publishedAtUs: number, handledAtUs: number): void {
    if (number >= this.#seen.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(number + 1)));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    this.#lastAtUs = handledAtUs;
    if (this.#seen[number]) {
      this.#repeated += 1;
      return;
    }
    this.#seen[number] = 1;
    this.#handled += 1;
    if (this.#latenciesMs.length < maxLatencies) {
      this.#latenciesMs.push((handledAtUs - publishedAtUs) / 1e3);
    }
  }

  read(): Tally {
    return {
      handled: this.#handled,
      repeated: this.#repeated,
      lastAtUs: this.#lastAtUs,
    };
  }

  readLatency(): Distribution {
    return distribute(this.#latenciesMs);
  }
}
