import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { CaptureDialect } from './dialects/CaptureDialect';

/** How often to try, and how long to wait in between, in milliseconds. */
const attempts = 50;
const pauseMs = 200;

/**
 * Runs a transaction that locks what belongs to the plugin, and tries again when it does not get a lock at once.
 *
 * @throws whatever `work` threw; at last, that somebody else keeps the lock
 */
export async function withLocks<T>(
  knex: Knex,
  dialect: CaptureDialect,
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
      await delay(pauseMs);
    }
  }
}
