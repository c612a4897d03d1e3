import type { JsonObject } from '@backstage/types';
import type { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import createKnex, { type Knex } from 'knex';
import { declareEndpoints } from './declareEndpoints';
import { findFreePort } from './findFreePort';
import { PortalProcess } from './PortalProcess';
import { ReplicaGroup } from './ReplicaGroup';
import type { ReplicaProcess } from './ReplicaProcess';

type Databases = ReturnType<typeof createTestDatabases>;

/** A portal that sends to endpoints, and who publishes. */
export interface WebhookPortal {
  portal: PortalProcess;
  /** A process of its own that publishes over HTTP, for as long as it takes. */
  publisher: ReplicaProcess;
  /** Of the publisher: what it has published. */
  group: ReplicaGroup;
  /** Looks into the tables of the events plugin. */
  knex: Knex;
  /** Ends all of it. */
  dispose(): Promise<void>;
}

/** A database of the test's own, or SQLite in a directory of the portal's own. */
export type PortalDatabase = Parameters<typeof PortalProcess.create>[0];

/**
 * Makes a portal that is not started yet, and starts a publisher that outlives it.
 *
 * @param endpoints - as the configuration declares them, by id
 */
export async function openWebhookPortal(
  databases: Databases,
  databaseId: Databases['ids'][number],
  endpoints: Readonly<Record<string, JsonObject>>,
): Promise<WebhookPortal> {
  if (databaseId === 'SQLITE_FILE') {
    return openWebhookPortalOn('sqlite', endpoints);
  }
  const { host, port, user, database } = (await databases.open(databaseId))
    .client.config.connection;
  const connection = { host, port: Number(port), user, database };
  return openWebhookPortalOn(connection, endpoints);
}

/** As {@link openWebhookPortal}, where the database is known. */
export async function openWebhookPortalOn(
  database: PortalDatabase,
  endpoints: Readonly<Record<string, JsonObject>>,
): Promise<WebhookPortal> {
  const ownPort = await findFreePort();
  const portal = await PortalProcess.create(database, [], {
    // The portal checks the tokens of the plugin with its keys.
    discovery: {
      endpoints: [
        {
          target: `http://127.0.0.1:${ownPort}/api/{{pluginId}}`,
          plugins: ['recorder'],
        },
      ],
    },
    events: {
      // Over when a portal that was killed is up again, and long enough for a busy machine.
      subscriptions: { lease: { seconds: 5 } },
      webhooks: declareEndpoints(endpoints),
    },
  });
  const knex = openTables(database, portal);
  const group = new ReplicaGroup();
  const dispose = async () => {
    await group.dispose();
    await knex.destroy();
    await portal.dispose();
  };
  try {
    const [publisher] = await group.start([
      { name: 'publisher', connection: { portalUrl: portal.url, ownPort } },
    ]);
    return { portal, publisher, group, knex, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function openTables(database: PortalDatabase, portal: PortalProcess): Knex {
  return database === 'sqlite'
    ? createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFile },
        useNullAsDefault: true,
      })
    : createKnex({
        client: 'pg',
        connection: database,
        searchPath: ['events'],
      });
}
