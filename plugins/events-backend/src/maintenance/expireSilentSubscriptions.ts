import type { LoggerService } from '@backstage/backend-plugin-api';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

const turnLimitMs = 20_000;

/**
 * Removes subscriptions that no reader has asked for in a long time, so that they do not hold the log.
 *
 * A subscription goes when two turns in a row found it silent: after the store was away, or the process asleep, its
 * reader may be about to ask. One to which very much is owed takes several turns; whoever reads it again meanwhile keeps
 * what is left.
 */
export function expireSilentSubscriptions(options: {
  subscriptions: Pick<SubscriptionPool, 'listSilent' | 'removeSilent'>;
  /** In milliseconds. */
  expireAfterMs: number;
  logger: LoggerService;
}): Chore {
  const { subscriptions, expireAfterMs, logger } = options;
  let suspects: readonly string[] = [];
  return {
    id: 'expire-silent-subscriptions',
    intervalMs: 60_000,
    initialDelayMs: 600_000,
    async run() {
      const before = suspects;
      suspects = await subscriptions.listSilent(expireAfterMs);
      const end = performance.now() + turnLimitMs;
      const agreed: string[] = [];
      const silent: string[] = [];
      const begun = new Set<string>();
      for (const id of before) {
        let more = true;
        while (more && performance.now() < end) {
          const expiry = await subscriptions.removeSilent(id, expireAfterMs);
          more = expiry.outcome === 'begun';
          if (more) {
            begun.add(id);
          } else if (expiry.outcome === 'removed') {
            begun.delete(id);
            (expiry.asAgreed ? agreed : silent).push(id);
          }
        }
      }
      if (agreed.length > 0) {
        logger.info(
          `Removed subscriptions of single processes or ephemeral topics that nobody reads any more: ${agreed.join(
            ', ',
          )}`,
        );
      }
      if (silent.length > 0) {
        logger.warn(
          `Removed subscriptions that nobody has read for ${expireAfterMs} ms (events.subscriptions.expireAfter): ${silent.join(
            ', ',
          )}`,
        );
      }
      if (begun.size > 0) {
        logger.warn(
          `Removed the oldest of what was owed to subscriptions that nobody has read for long; the rest goes at the next turns, unless somebody reads them again: ${[
            ...begun,
          ].join(', ')}`,
        );
      }
    },
  };
}
