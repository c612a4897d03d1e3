import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EndpointPool } from '../endpoints';
import { toSubscriptionId } from '../endpoints';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

/** As long as a topic that no process wants stays: a rolling deployment takes less. */
const silentForMs = 30 * 60_000;

/** Says which endpoints this process declares, and removes those that none does any more, with what is owed to them. */
export function removeUndeclaredEndpoints(options: {
  endpoints: Pick<EndpointPool, 'keepDeclared'>;
  subscriptions: Pick<SubscriptionPool, 'remove'>;
  /** Of the endpoints that the configuration of this process declares. */
  declaredIds: readonly string[];
  logger: LoggerService;
}): Chore {
  const { endpoints, subscriptions, declaredIds, logger } = options;
  return {
    id: 'remove-undeclared-endpoints',
    intervalMs: 5 * 60_000,
    initialDelayMs: 5_000,
    async run() {
      for (const id of await endpoints.keepDeclared(declaredIds, silentForMs)) {
        await subscriptions.remove(toSubscriptionId(id));
        logger.info(
          `Endpoint ${id} is not declared any more (events.webhooks.endpoints), and was removed with what was owed to it`,
        );
      }
    },
  };
}
