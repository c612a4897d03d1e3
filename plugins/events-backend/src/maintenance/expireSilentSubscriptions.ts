import type { LoggerService } from '@backstage/backend-plugin-api';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

/**
 * Removes subscriptions that no reader has asked for in a long time, so that they do not hold the log.
 *
 * A subscription goes when two turns in a row found it silent: after the store was away, or the process asleep, its
 * reader may be about to ask.
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
      const expired = await subscriptions.removeSilent(expireAfterMs, before);
      const list = (asAgreed: boolean) =>
        expired.filter(row => row.asAgreed === asAgreed).map(({ id }) => id);
      const [agreed, silent] = [list(true), list(false)];
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
    },
  };
}
