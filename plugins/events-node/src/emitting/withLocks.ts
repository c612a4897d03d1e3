import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { CaptureDialect } from './dialects/CaptureDialect';

/**
 * How often to try, and how long to wait in between, in milliseconds: whoever uses the table waits behind an attempt, so
 * most of the time there is none.
 */
const attempts = 15;
const pauseMs = 2_000;

/**
 * Runs a transaction that locks what belongs to the plugin, and tries again when it does not get a lock at once.
 *
 * @param signal - ends the waiting in between
 * @throws whatever `work` threw; at last, that somebody else keeps the lock; AbortError when it was ended
 */
export async function withLocks<T>(
  knex: Knex,
  dialect: CaptureDialect,
  signal: AbortSignal,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await knex.transaction(async trx => {
        await dialect.boundLocks(trx);
        return work(trx);
      });
    } catch (error) {
      if (attempt === attempts || !dialect.isLockTimeout(error)) {
        throw error;
      }
      await delay(pauseMs, undefined, { signal });
    }
  }
}
