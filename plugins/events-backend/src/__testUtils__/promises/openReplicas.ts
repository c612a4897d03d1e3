import createKnex, { type Knex } from 'knex';
import type { Store } from '../../database';
import type { Stepper } from './Stepper';

const connectionsPerReplica = 5;

/** Replicas of one store whose statements go through a stepper. */
export interface SteppedReplicas {
  stores: Store[];
  /** Whose statements, from now on. */
  follow(stepper: Stepper | undefined): void;
  destroy(): Promise<void>;
}

/**
 * Opens a store once more for each replica, with connections of its own; SQLite for one, since only one process may use
 * it. The store itself remains for looking at it meanwhile.
 */
export async function openReplicas(
  store: Store,
  count: number,
): Promise<SteppedReplicas> {
  let current: Stepper | undefined;
  const { shared } = store.dialect;
  const Client: typeof Knex.Client = store.knex.client.constructor;

  class SteppedClient extends Client {
    async query(connection: { processID?: number }, query: Query) {
      const carryOut = async () => super.query(connection, query);
      return current
        ? current.step({
            sql: typeof query === 'string' ? query : query.sql,
            serverProcess: connection.processID,
            carryOut,
            rollBack: async () => super.query(connection, 'ROLLBACK'),
          })
        : carryOut();
    }

    async acquireConnection() {
      if (!shared) {
        // There is one connection: who has it next is all there is to choose.
        await current?.waitTurn('connection');
      }
      return super.acquireConnection();
    }
  }

  const { connection } = store.knex.client.config;
  const size = shared ? connectionsPerReplica : 1;
  const replicas = Array.from({ length: shared ? count : 1 }, () =>
    createKnex({
      client: SteppedClient,
      connection,
      useNullAsDefault: true,
      // All at once and for good: opening one in the middle would take the choice from the stepper.
      pool: {
        min: size,
        max: size,
        idleTimeoutMillis: 3_600_000,
        afterCreate: relaxDurability(shared),
      },
    }),
  );
  for (const knex of replicas) {
    await Promise.all(
      Array.from({ length: size }, () => knex.select(knex.raw('1'))),
    );
  }
  const dialect = { ...store.dialect, async makeDurable() {} };
  return {
    stores: replicas.map(knex => ({ knex, dialect })),
    follow(stepper) {
      current = stepper;
    },
    async destroy() {
      await Promise.all(replicas.map(knex => knex.destroy()));
    },
  };
}

/** No power fails here, and waiting for the disk would take most of the time. */
function relaxDurability(isPostgres: boolean) {
  return isPostgres
    ? (
        connection: { query(sql: string, done: () => void): void },
        done: () => void,
      ) => connection.query('SET synchronous_commit = off', done)
    : (connection: { pragma(text: string): void }, done: () => void) => {
        connection.pragma('synchronous = OFF');
        done();
      };
}

type Query = string | { sql: string };

const tables = [
  'callboard_attempts',
  'callboard_deliveries',
  'callboard_batches',
  'callboard_subscription_topics',
  'callboard_subscriptions',
  'callboard_contents',
  'callboard_events',
];

/** Empties every table: much cheaper than a new database. */
export async function clearStore({ knex }: Store): Promise<void> {
  await knex.transaction(async trx => {
    for (const table of tables) {
      await trx(table).delete();
    }
    await trx('callboard_log').update({ tail: 0, head: 0, tail_time: 0 });
  });
}

/** Finds those of the server's processes that wait for a lock that another holds. */
export async function findBlocked(
  { knex }: Store,
  serverProcesses: number[],
): Promise<Set<number>> {
  const { rows } = await knex.raw<{ rows: { process: number }[] }>(
    `SELECT process FROM unnest(?::integer[]) AS process
     WHERE cardinality(pg_blocking_pids(process)) > 0`,
    [serverProcesses],
  );
  return new Set(rows.map(({ process }) => process));
}
