import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

const batchesPerTurn = 100;

/** Owes the events of readers that vanished to whoever claims next. */
export function rescueLapsedBatches(options: {
  subscriptions: Pick<SubscriptionPool, 'rescueLapsed'>;
  notifier: Notifier;
  observer: { onRescued(batches: number): void };
  logger: LoggerService;
  /** A lapsed batch is found within this time, in milliseconds. */
  intervalMs: number;
}): Chore {
  const { subscriptions, notifier, observer, logger, intervalMs } = options;
  return {
    id: 'rescue-lapsed-batches',
    intervalMs,
    initialDelayMs: 0,
    async run() {
      let rescued = 0;
      for (;;) {
        const { batches, topics } = await subscriptions.rescueLapsed(
          batchesPerTurn,
        );
        rescued += batches;
        if (topics.size > 0) {
          notifier.notify(topics);
        }
        if (batches < batchesPerTurn) {
          break;
        }
      }
      if (rescued > 0) {
        observer.onRescued(rescued);
        logger.warn(
          `Rescued ${rescued} batches whose readers vanished; their events will be delivered again`,
        );
      }
    },
  };
}
