import type { LoggerService } from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import type { Knex } from 'knex';
import { PostgresNotifier, type ListeningOptions } from '../notifiers';

/** Checks once in an hour, so that a test sees what is noticed without. */
const options: ListeningOptions = {
  connectLimitMs: 30_000,
  heartbeatMs: 3_600_000,
  answerLimitMs: 30_000,
  shortestPauseMs: 1,
  longestPauseMs: 100,
};

/** A notifier on PostgreSQL, and what a test has to know of its connection. */
export function startNotifier(
  knex: Knex,
  given: Partial<ListeningOptions> & { logger?: LoggerService } = {},
) {
  const { logger = mockServices.logger.mock(), ...limits } = given;
  let listening = false;
  let waiting: { wanted: boolean; resolve: () => void }[] = [];
  const notifier = new PostgresNotifier({
    knex,
    options: { ...options, ...limits },
    observer: {
      onListening: now => {
        listening = now;
        waiting
          .filter(({ wanted }) => wanted === now)
          .forEach(({ resolve }) => resolve());
        waiting = waiting.filter(({ wanted }) => wanted !== now);
      },
    },
    logger,
  });
  notifier.start();
  return {
    notifier,
    logger,
    /** Resolves when it listens, or does not. */
    untilListening: (wanted: boolean) =>
      new Promise<void>(resolve => {
        if (listening === wanted) {
          resolve();
        } else {
          waiting.push({ wanted, resolve });
        }
      }),
  };
}

/** Ends all connections of a replica from the side of the server. */
export async function cutConnections(
  knex: Knex,
  replicaName: string,
): Promise<void> {
  await knex.raw(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?',
    [replicaName],
  );
}
