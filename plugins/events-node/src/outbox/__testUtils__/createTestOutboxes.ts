import { mockServices } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { Outbox } from '../Outbox';
import type { OutboxOrder } from '../OutboxTable';
import { RecordingEvents } from './RecordingEvents';

/** An outbox on a database of its own, in front of a log that records. */
export interface TestOutbox {
  knex: Knex;
  events: RecordingEvents;
  outbox: Outbox;
  logger: ReturnType<typeof mockServices.logger.mock>;
  /** Relays until nothing waits. */
  drain(): Promise<void>;
  /** Another replica's outbox in the same database. */
  openReplica(): Promise<TestOutbox>;
}

/** Makes outboxes for the tests of one file, and stops and removes them after the last. */
export function createTestOutboxes() {
  const outboxes: Outbox[] = [];
  const replicas: Knex[] = [];
  // Before the databases are made, so that it runs before they are dropped.
  afterAll(async () => {
    await Promise.all(outboxes.map(outbox => outbox.stop()));
    await Promise.all(replicas.map(knex => knex.destroy()));
  });
  const databases = createTestDatabases();

  async function openOn(
    knex: Knex,
    events: RecordingEvents,
    options: { maxPayloadBytes?: number; order?: OutboxOrder } = {},
  ): Promise<TestOutbox> {
    const logger = mockServices.logger.mock();
    const outbox = await Outbox.create({
      database: mockServices.database({ knex, migrations: { skip: false } }),
      events,
      logger,
      ...options,
    });
    outboxes.push(outbox);
    return {
      knex,
      events,
      outbox,
      logger,
      async drain() {
        while ((await outbox.runOnce()).outcome !== 'empty');
      },
      openReplica: () => openOn(openConnections(knex), events, options),
    };
  }

  /** Connections of another process, where the database can be shared. */
  function openConnections(knex: Knex, searchPath?: string[]): Knex {
    const { client, connection } = knex.client.config;
    if (client !== 'pg') {
      return knex;
    }
    const replica = createKnex({
      client,
      connection,
      searchPath,
      pool: { min: 0, max: 5 },
    });
    replicas.push(replica);
    return replica;
  }

  return {
    ids: databases.ids,
    shared: databases.ids.filter(id => id === 'POSTGRES_15'),
    openEmpty: databases.open,
    openOn,
    openConnections,
    open: async (
      id: TestDatabaseId,
      maxPayloadBytes?: number,
      order?: OutboxOrder,
    ) =>
      openOn(await databases.open(id), new RecordingEvents(), {
        ...(maxPayloadBytes !== undefined && { maxPayloadBytes }),
        ...(order && { order }),
      }),
  };
}
