import type { LoggerService } from '@backstage/backend-plugin-api';
import type { DeliveryPool } from '../deliveries';
import type { Chore } from './Chore';

const deliveriesPerTurn = 10_000;

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
      const removed = await deliveries.removeDead(keepMs, deliveriesPerTurn);
      if (removed > 0) {
        logger.warn(
          `Removed ${removed} dead deliveries that nobody replayed within ${keepMs} ms (events.deliveries.keepDead)`,
        );
      }
    },
  };
}
