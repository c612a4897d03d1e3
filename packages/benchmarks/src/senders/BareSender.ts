import type { ChildProcess } from 'node:child_process';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import { hear } from '../messages';
import { giveOrder } from '../orders';
import type { Workbench } from '../Workbench';
import type { BareLoad, BareOutcome, SenderOrders } from './orders';

const startLimitMs = 30_000;
/** Beyond the time of the load. */
const answerLimitMs = 30_000;

/** Sends requests in a process of its own, with undici and nothing besides. */
export class BareSender {
  readonly #workbench: Workbench;
  readonly #child: ChildProcess;

  private constructor(workbench: Workbench, child: ChildProcess) {
    this.#workbench = workbench;
    this.#child = child;
  }

  static async start(workbench: Workbench): Promise<BareSender> {
    const child = workbench.fork(
      resolvePackagePath('benchmarks', 'src/senders/runBareSender.ts'),
      { environment: { NODE_ENV: 'production' } },
    );
    await hear(child, 'ready', startLimitMs);
    return new BareSender(workbench, child);
  }

  send(load: BareLoad): Promise<BareOutcome> {
    return giveOrder<SenderOrders, 'send'>(
      this.#child,
      'send',
      load,
      load.seconds * 1e3 + answerLimitMs,
    );
  }

  async end(): Promise<void> {
    await this.#workbench.end(this.#child);
  }
}
