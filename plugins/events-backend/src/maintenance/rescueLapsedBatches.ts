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
      let failure: unknown;
      let more = true;
      while (more) {
        const turn = await subscriptions.rescueLapsed(batchesPerTurn);
        rescued += turn.batches;
        failure ??= turn.failure;
        if (turn.topics.size > 0) {
          notifier.notify(turn.topics);
        }
        more = turn.batches === batchesPerTurn;
      }
      if (rescued > 0) {
        observer.onRescued(rescued);
        logger.warn(
          `Rescued ${rescued} batches whose readers vanished; their events will be delivered again`,
        );
      }
      if (failure !== undefined) {
        throw failure;
      }
    },
  };
}
