import type { DatabaseService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { DueDelivery, HookProgress, JudgedPage } from './DueDelivery';
import { migrate } from './migrations';
import { abandonReading } from './operations/abandonReading';
import { beginHook } from './operations/beginHook';
import { countAttempt } from './operations/countAttempt';
import { notePage, type AfterPage } from './operations/notePage';
import { readDue } from './operations/readDue';
import { readProgress } from './operations/readProgress';
import { removeBefore } from './operations/removeBefore';
import { settleDeliveries } from './operations/settleDeliveries';

/** How far the logs of webhooks have been read, and what is still to be fetched. */
export class RecoveryStore {
  readonly #knex: Knex;

  /** Opens it in the database of the plugin, and brings its tables up to date unless migrations are to be skipped. */
  static async open(database: DatabaseService): Promise<RecoveryStore> {
    const knex = await database.getClient();
    if (!database.migrations?.skip) {
      await migrate(knex);
    }
    return new RecoveryStore(knex);
  }

  private constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** Notes that the deliveries of a webhook come into the log from now on; does nothing when that is known. */
  begin(hook: string, nowMs: number): Promise<void> {
    return beginHook(this.#knex, hook, nowMs);
  }

  readProgress(hook: string): Promise<HookProgress> {
    return readProgress(this.#knex, hook);
  }

  notePage(hook: string, page: JudgedPage, after: AfterPage): Promise<void> {
    return notePage(this.#knex, hook, page, after);
  }

  abandonReading(hook: string): Promise<void> {
    return abandonReading(this.#knex, hook);
  }

  readDue(hook: string, limit: number): Promise<DueDelivery[]> {
    return readDue(this.#knex, hook, limit);
  }

  settle(hook: string, guids: readonly string[]): Promise<void> {
    return settleDeliveries(this.#knex, hook, guids);
  }

  countAttempt(
    hook: string,
    guids: readonly string[],
    nowMs: number,
  ): Promise<void> {
    return countAttempt(this.#knex, hook, guids, nowMs);
  }

  removeBefore(timeMs: number): Promise<void> {
    return removeBefore(this.#knex, timeMs);
  }
}
