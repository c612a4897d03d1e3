import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  toSubscriptionId,
  type DeclaredEndpoint,
  type EndpointPool,
} from '../endpoints';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';

const minute = 60_000;
const intervalMs = 5 * minute;
/** Two turns of every process that is alive. */
const foreignForMs = 2 * intervalMs + minute;
/** As long as a topic that no process wants stays: a rolling deployment takes less. */
const silentForMs = 30 * minute;

/**
 * Says which endpoints this process declares; takes back those that a process with another configuration has left behind,
 * and removes those that none declares any more, with what is owed to them.
 */
export function keepDeclaredEndpoints(options: {
  endpoints: Pick<EndpointPool, 'keepDeclared'>;
  subscriptions: Pick<SubscriptionPool, 'remove'>;
  /** What the configuration of this process declares. */
  declared: readonly DeclaredEndpoint[];
  /** Endpoints were changed. */
  onChanged: () => void;
  logger: LoggerService;
}): Chore {
  const { endpoints, subscriptions, declared, onChanged, logger } = options;
  return {
    id: 'keep-declared-endpoints',
    intervalMs,
    initialDelayMs: 5_000,
    async run() {
      const { takenBack, removed } = await endpoints.keepDeclared(declared, {
        foreignForMs,
        silentForMs,
      });
      for (const id of takenBack) {
        logger.warn(
          `Endpoint ${id} was as another process had declared it (events.webhooks.endpoints), and none declares it so any more: it is as the configuration of this one says again`,
        );
      }
      if (takenBack.length > 0) {
        onChanged();
      }
      for (const id of removed) {
        await subscriptions.remove(toSubscriptionId(id));
        logger.info(
          `Endpoint ${id} is not declared any more (events.webhooks.endpoints), and was removed with what was owed to it`,
        );
      }
    },
  };
}
