import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import { hear } from '../messages';
import { giveOrder } from '../orders';
import type { Workbench } from '../Workbench';
import type { Answered, ReceiverOrders } from './orders';

const startLimitMs = 30_000;
const orderLimitMs = 30_000;
/** Between two looks at how many requests were answered. */
const lookMs = 50;
/** When this long nothing came, nothing more is coming: longer than the first pauses between attempts. */
const quietLimitMs = 10_000;

/** A receiver of webhooks in a process of its own. */
export class Receiver {
  /** Without a path; every path is received. */
  readonly url: string;
  /** What requests to it are signed with. */
  readonly secret: string;
  readonly #workbench: Workbench;
  readonly #child: ChildProcess;

  private constructor(
    workbench: Workbench,
    child: ChildProcess,
    options: { url: string; secret: string },
  ) {
    this.#workbench = workbench;
    this.#child = child;
    this.url = options.url;
    this.secret = options.secret;
  }

  /** @param lookIntoOneOf - one of so many requests is verified, and its event counted */
  static async start(
    workbench: Workbench,
    lookIntoOneOf: number,
  ): Promise<Receiver> {
    const child = workbench.fork(
      resolvePackagePath('benchmarks', 'src/receivers/runReceiver.ts'),
      { environment: { NODE_ENV: 'production' } },
    );
    await hear(child, 'ready', startLimitMs);
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { url } = await giveOrder<ReceiverOrders, 'listen'>(
      child,
      'listen',
      { secret, lookIntoOneOf },
      orderLimitMs,
    );
    return new Receiver(workbench, child, { url, secret });
  }

  order<TKind extends keyof ReceiverOrders>(
    kind: TKind,
    order: ReceiverOrders[TKind]['order'],
  ): Promise<ReceiverOrders[TKind]['answer']> {
    return giveOrder<ReceiverOrders, TKind>(
      this.#child,
      kind,
      order,
      orderLimitMs,
    );
  }

  /**
   * Waits until so many requests to some paths were answered.
   *
   * @throws Error when there were more or fewer, or a signature was wrong
   */
  async waitUntilAnswered(
    paths: readonly string[],
    amount: number,
  ): Promise<Answered> {
    let answered = await this.order('answered', { paths });
    let changedAt = performance.now();
    while (
      answered.answers < amount &&
      performance.now() - changedAt < quietLimitMs
    ) {
      await delay(lookMs);
      const next = await this.order('answered', { paths });
      if (next.answers > answered.answers) {
        changedAt = performance.now();
      }
      answered = next;
    }
    if (answered.answers !== amount || answered.wrong > 0) {
      throw new Error(
        `${amount} requests were due, ${answered.answers} came, and ${answered.wrong} had a wrong signature`,
      );
    }
    return answered;
  }

  async end(): Promise<void> {
    await this.#workbench.end(this.#child);
  }
}
