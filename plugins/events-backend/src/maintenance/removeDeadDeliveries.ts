import type { LoggerService } from '@backstage/backend-plugin-api';
import type { DeliveryPool } from '../deliveries';
import type { Chore } from './Chore';

const deliveriesPerPage = 1_000;
const turnLimitMs = 20_000;

/** Removes dead deliveries that nobody replayed in time; until then they hold the log. */
export function removeDeadDeliveries(options: {
  deliveries: Pick<DeliveryPool, 'removeDead'>;
  /** In milliseconds. */
  keepMs: number;
  logger: LoggerService;
}): Chore {
  const { deliveries, keepMs, logger } = options;
  return {
    id: 'remove-dead-deliveries',
    intervalMs: 3_600_000,
    initialDelayMs: 600_000,
    async run() {
      const end = performance.now() + turnLimitMs;
      let total = 0;
      let removed = deliveriesPerPage;
      while (removed > 0 && performance.now() < end) {
        removed = await deliveries.removeDead(keepMs, deliveriesPerPage);
        total += removed;
      }
      if (total > 0) {
        logger.warn(
          `Removed ${total} dead deliveries that nobody replayed within ${keepMs} ms (events.deliveries.keepDead)`,
        );
      }
    },
  };
}
