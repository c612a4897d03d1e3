import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EndpointPool } from '../endpoints';
import type { Chore } from './Chore';

const rowsPerPage = 2_000;
const turnLimitMs = 20_000;

/** Removes attempts to send to endpoints, and replays that have ended, once they are as old as they are to be kept. */
export function removeOldAttempts(options: {
  endpoints: Pick<EndpointPool, 'removeAttempts' | 'removeReplays'>;
  /** In milliseconds. */
  keepMs: number;
  logger: LoggerService;
}): Chore {
  const { endpoints, keepMs, logger } = options;
  return {
    id: 'remove-old-attempts',
    intervalMs: 600_000,
    initialDelayMs: 300_000,
    async run() {
      const end = performance.now() + turnLimitMs;
      let total = 0;
      let removed = rowsPerPage;
      while (removed > 0 && performance.now() < end) {
        removed = await endpoints.removeAttempts(keepMs, rowsPerPage);
        total += removed;
      }
      await endpoints.removeReplays(keepMs, rowsPerPage);
      if (total > 0) {
        logger.debug(
          `Removed ${total} attempts that were older than ${keepMs} ms (events.webhooks.keepAttempts)`,
        );
      }
    },
  };
}
