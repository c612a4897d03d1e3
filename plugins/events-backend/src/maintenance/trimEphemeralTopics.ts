import type { LoggerService } from '@backstage/backend-plugin-api';
import type { SqlEventLog } from '../log';
import type { Chore } from './Chore';

const eventsPerStatement = 1_000;
const turnLimitMs = 20_000;

/** Removes events of ephemeral topics after their short time, read or not. */
export function trimEphemeralTopics(options: {
  log: Pick<SqlEventLog, 'trim' | 'positionOlderThan'>;
  ephemeral: { topics: ReadonlySet<string>; retentionMs: number };
  observer: { onTrimmed(events: number): void };
  logger: LoggerService;
}): Chore {
  const { log, ephemeral, observer, logger } = options;
  return {
    id: 'trim-ephemeral-topics',
    intervalMs: 60_000,
    initialDelayMs: 60_000,
    async run() {
      if (ephemeral.topics.size === 0) {
        return;
      }
      const upTo = await log.positionOlderThan(ephemeral.retentionMs);
      const end = performance.now() + turnLimitMs;
      let trimmed = 0;
      let removed = eventsPerStatement;
      while (removed === eventsPerStatement && performance.now() < end) {
        removed = await log.trim(upTo, eventsPerStatement, [
          ...ephemeral.topics,
        ]);
        trimmed += removed;
      }
      if (trimmed > 0) {
        observer.onTrimmed(trimmed);
        logger.debug(`Trimmed ${trimmed} events of ephemeral topics`);
      }
    },
  };
}
