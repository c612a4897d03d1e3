import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '@backstage/types';
import { startContestant } from '../contestants/startContestant';
import { giveOrder } from '../orders';
import type { Workbench } from '../Workbench';
import type {
  HandlerDescription,
  Load,
  LoadOutcome,
  OrderKind,
  Orders,
  Tally,
} from './orders';

const orderLimitMs = 30_000;
/** Between two looks at how many events were handled. */
const lookMs = 50;
/** When this long nothing was handled, nothing more is coming: longer than a retry, and than any wait of a reader. */
const quietLimitMs = 10_000;
/** A subscriber of the stock system hears nothing before its first request has come through. */
const firstEventLimitMs = 30_000;

/** A portal in a process of its own. */
export class Portal {
  readonly baseUrl: string;
  readonly #child: ChildProcess;
  readonly #end: () => Promise<void>;

  private constructor(
    baseUrl: string,
    child: ChildProcess,
    end: () => Promise<void>,
  ) {
    this.baseUrl = baseUrl;
    this.#child = child;
    this.#end = end;
  }

  static async start(
    workbench: Workbench,
    options: {
      module: string;
      database: JsonObject;
      config?: JsonObject;
      nodeOptions?: readonly string[];
    },
  ): Promise<Portal> {
    const { baseUrl, child, end } = await startContestant(workbench, {
      config: {},
      profileFolder: undefined,
      ...options,
    });
    return new Portal(baseUrl, child, () => end('SIGKILL'));
  }

  order<TKind extends OrderKind>(
    kind: TKind,
    order: Orders[TKind]['order'],
    limitMs: number = orderLimitMs,
  ): Promise<Orders[TKind]['answer']> {
    return giveOrder<Orders, TKind>(this.#child, kind, order, limitMs);
  }

  async subscribe(handler: HandlerDescription): Promise<void> {
    await this.order('subscribe', handler);
  }

  /** @throws Error when an event could not be published */
  async publish(load: Load): Promise<LoadOutcome> {
    const expectedMs =
      load.seconds === undefined ? 300_000 : load.seconds * 1e3;
    const outcome = await this.order('publish', load, expectedMs + 60_000);
    if (outcome.failures > 0) {
      throw new Error(
        `${outcome.failures} of ${outcome.published} events could not be published: ${outcome.firstFailure}`,
      );
    }
    return outcome;
  }

  /** Waits until a handler was given so many events of a run, or nothing comes any more. */
  async waitUntilHandled(
    handler: string,
    run: string,
    amount: number,
  ): Promise<Tally> {
    let tally = await this.order('tally', { handler, run });
    let changedAt = performance.now();
    while (
      tally.handled < amount &&
      performance.now() - changedAt < quietLimitMs
    ) {
      await delay(lookMs);
      const next = await this.order('tally', { handler, run });
      if (next.handled > tally.handled) {
        changedAt = performance.now();
      }
      tally = next;
    }
    return tally;
  }

  /** Publishes until a handler of another portal hears something: only then its subscription stands. */
  async publishUntilHeard(
    reader: Portal,
    handler: string,
    topic: string,
  ): Promise<void> {
    const end = performance.now() + firstEventLimitMs;
    for (let attempt = 1; performance.now() < end; attempt += 1) {
      const run = 'first';
      await this.publish({
        run,
        topic,
        publishers: 1,
        bytes: 100,
        amount: 1,
      });
      await delay(lookMs);
      const { handled } = await reader.order('tally', { handler, run });
      if (handled > 0) {
        return;
      }
    }
    throw new Error(
      `Handler '${handler}' heard nothing within ${firstEventLimitMs} ms`,
    );
  }

  async end(): Promise<void> {
    await this.#end();
  }
}
