import type { AddressInfo } from 'node:net';
import {
  coreServices,
  createBackendPlugin,
  createServiceFactory,
  type BackendFeature,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import catalogBackend from '@backstage/plugin-catalog-backend';
import techdocsBackend from '@backstage/plugin-techdocs-backend';
import eventsBackend from '@callboard/backstage-plugin-events-backend';
import {
  durableEventsServiceRef,
  type DurableEventsService,
} from '@callboard/backstage-plugin-events-node';
import techdocsModuleEvents from '..';
import type { DocsSources } from './DocsSources';
import { ReceivedBuilds } from './ReceivedBuilds';

type RootConfigData = NonNullable<
  NonNullable<Parameters<typeof mockServices.rootConfig.factory>[0]>['data']
>;
type DatabaseClient = Awaited<
  ReturnType<(typeof coreServices.database.T)['getClient']>
>;

/** The secret that CI repeats in the header `X-Token`. */
export const ciToken = 'a secret of the test';

/** A real backend with the stock catalog and TechDocs, Callboard, and a subscriber of builds. */
export async function startTechDocs(options: {
  sources: DocsSources;
  openDatabase: () => Promise<DatabaseClient>;
  /** What `techdocs.events` says. */
  settings?: RootConfigData;
  features?: BackendFeature[];
}) {
  const { sources, openDatabase, settings = {}, features = [] } = options;
  const received = new ReceivedBuilds();
  const databases = new Map<string, Promise<DatabaseClient>>();
  let onEvents: (events: DurableEventsService) => void = () => {};
  const subscribersEvents = new Promise<DurableEventsService>(resolve => {
    onEvents = resolve;
  });
  const subscriber = createBackendPlugin({
    pluginId: 'subscriber',
    register: env =>
      env.registerInit({
        deps: { events: durableEventsServiceRef },
        async init({ events }) {
          onEvents(events);
          await events.subscribe({
            id: 'builds',
            topics: ['techdocs'],
            onEvent: async event => received.add(event),
          });
        },
      }),
  });
  const backend = await startTestBackend({
    features: [
      eventsBackend,
      catalogBackend,
      techdocsBackend,
      techdocsModuleEvents,
      subscriber,
      sources.reader,
      createServiceFactory({
        service: coreServices.database,
        deps: { plugin: coreServices.pluginMetadata },
        factory: ({ plugin }) => ({
          getClient: () => {
            const id = plugin.getId();
            const database = databases.get(id) ?? openDatabase();
            databases.set(id, database);
            return database;
          },
        }),
      }),
      mockServices.rootConfig.factory({
        data: {
          catalog: {
            locations: [{ type: 'file', target: sources.catalogFile }],
          },
          events: {
            http: {
              ingresses: [
                {
                  topic: 'techdocs.build',
                  token: { secret: ciToken, header: 'X-Token' },
                  keyHeader: 'X-Entity-Ref',
                  deduplicationHeader: 'X-Delivery',
                },
              ],
            },
          },
          techdocs: {
            builder: 'local',
            generator: {
              runIn: 'local',
              mkdocs: { omitTechdocsCorePlugin: true },
            },
            publisher: {
              type: 'local',
              local: { publishDirectory: sources.publishDirectory },
            },
            events: settings,
          },
        },
      }),
      ...features,
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/api`;

  return {
    received,
    /** The events service of the subscriber. */
    events: await subscribersEvents,
    stop: () => backend.stop(),

    /** Asks for the documentation of a component, as a reader's page does, and says how that ended. */
    async sync(name: string): Promise<string> {
      const path = `${url}/catalog/entities/by-name/component/default/${name}`;
      while (!(await fetch(path)).ok) {
        await new Promise(resolve => setTimeout(resolve, 50));
      }
      const response = await fetch(
        `${url}/techdocs/sync/default/component/${name}`,
      );
      const lines = (await response.text()).trim().split('\n');
      return lines.slice(-2).join(' ');
    },

    /** Posts what CI says of a build. */
    async post(body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}/events/http/techdocs.build`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-Token': ciToken,
          ...headers,
        },
        body: JSON.stringify(body),
      });
      return response.status;
    },
  };
}
