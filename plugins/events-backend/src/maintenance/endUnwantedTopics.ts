import type { LoggerService } from '@backstage/backend-plugin-api';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

/** Several times as long as it takes each process to say again what it wants. */
const unwantedForMs = 30 * 60_000;

/** Ends topics that a subscription has dropped. */
export function endUnwantedTopics(options: {
  subscriptions: Pick<SubscriptionPool, 'endUnwantedTopics'>;
  logger: LoggerService;
}): Chore {
  const { subscriptions, logger } = options;
  return {
    id: 'end-unwanted-topics',
    intervalMs: 5 * 60_000,
    initialDelayMs: unwantedForMs,
    async run() {
      const ended = await subscriptions.endUnwantedTopics(unwantedForMs);
      for (const { subscriptionId, topic } of ended) {
        logger.info(
          `${subscriptionId} does not want topic '${topic}' any more`,
        );
      }
    },
  };
}
