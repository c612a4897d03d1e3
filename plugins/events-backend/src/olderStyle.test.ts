import {
  coreServices,
  createBackendModule,
  createBackendPlugin,
  type LoggerService,
} from '@backstage/backend-plugin-api';
import { mockCredentials } from '@backstage/backend-test-utils';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import type { Entity } from '@backstage/catalog-model';
import {
  catalogProcessingExtensionPoint,
  type EntityProvider,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import {
  eventsServiceRef,
  type EventBroker,
  type EventParams,
  type EventSubscriber,
} from '@backstage/plugin-events-node';
import { createEventBroker } from '@callboard/backstage-plugin-events-node';
import Router from 'express-promise-router';
import { HttpPostIngressEventPublisher } from '.';
import { createTestStores } from './__testUtils__/stores';
import { startPortal } from './__testUtils__/startPortal';

const stores = createTestStores();

/** The example of the stock documentation: an entity provider that takes part in events. */
class ExampleProvider implements EntityProvider, EventSubscriber {
  readonly #logger: LoggerService;
  readonly #topics: string[];
  #connection: EntityProviderConnection | undefined;

  constructor(env: {
    logger: LoggerService;
    topics: string[];
    eventBroker: EventBroker;
  }) {
    this.#logger = env.logger;
    this.#topics = env.topics;
    env.eventBroker.subscribe(this);
  }

  getProviderName() {
    return 'example';
  }

  async connect(connection: EntityProviderConnection) {
    this.#connection = connection;
  }

  supportsEventTopics() {
    return this.#topics;
  }

  async onEvent({ topic, eventPayload }: EventParams) {
    this.#logger.info(`Got an event of topic ${topic}`);
    if (!this.#connection) {
      // Thrown, the event is delivered again; the catalog may not have started yet.
      throw new Error('not connected yet');
    }
    const { name } = eventPayload as { name: string };
    const entity: Entity = {
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: {
        name,
        annotations: {
          'backstage.io/managed-by-location': 'url:https://example.com/event',
          'backstage.io/managed-by-origin-location':
            'url:https://example.com/event',
        },
      },
      spec: { type: 'service', lifecycle: 'production', owner: 'guests' },
    };
    await this.#connection.applyMutation({
      type: 'delta',
      added: [{ entity, locationKey: 'example' }],
      removed: [],
    });
  }
}

const catalogModule = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'example',
  register(env) {
    env.registerInit({
      deps: {
        catalog: catalogProcessingExtensionPoint,
        events: eventsServiceRef,
        logger: coreServices.logger,
      },
      async init({ catalog, events, logger }) {
        catalog.addEntityProvider(
          new ExampleProvider({
            logger,
            topics: ['example'],
            eventBroker: createEventBroker({ events, logger }),
          }),
        );
      },
    });
  },
});

/** Ingresses on a router of the plugin's own. */
const doorPlugin = createBackendPlugin({
  pluginId: 'door',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        events: eventsServiceRef,
        httpRouter: coreServices.httpRouter,
        logger: coreServices.logger,
      },
      async init({ config, events, httpRouter, logger }) {
        const router = Router();
        HttpPostIngressEventPublisher.fromConfig({
          config,
          events,
          logger,
          ingresses: {
            example: {
              validator: async (request, context) => {
                if (request.headers['x-token'] !== 'right') {
                  context.reject({ status: 403, payload: { wrong: 'token' } });
                }
              },
            },
          },
        }).bind(router);
        httpRouter.use(router);
        httpRouter.addAuthPolicy({ path: '/http', allow: 'unauthenticated' });
      },
    });
  },
});

describe.each(stores.ids)('the older style on %s', storeId => {
  it('carries an event from an ingress of its own, through a broker, to an entity provider, into the catalog', async () => {
    const knex = await stores.openEmpty(storeId);
    const portal = await startPortal({
      knex,
      config: {
        catalog: { rules: [{ allow: ['Component'] }] },
        events: {
          http: { topics: ['configured'] },
          handlers: { retry: { initialDelay: { milliseconds: 10 } } },
        },
      },
      features: [catalogPlugin, catalogModule, doorPlugin],
    });
    const root = new URL(portal.url).origin;
    const post = (topic: string, token: string) =>
      fetch(`${root}/api/door/http/${topic}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-token': token },
        body: '{"name":"from-an-event"}',
      });

    const refused = await post('example', 'wrong');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({ wrong: 'token' });
    expect((await post('configured', 'any')).status).toBe(202);
    expect((await post('unknown', 'any')).status).toBe(404);
    expect((await post('example', 'right')).status).toBe(202);

    const find = () =>
      fetch(
        `${root}/api/catalog/entities/by-name/component/default/from-an-event`,
        { headers: { authorization: mockCredentials.user.header() } },
      );
    while ((await find()).status !== 200) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    expect(
      await knex('callboard_subscriptions').orderBy('id').pluck('id'),
    ).toEqual(['catalog.broker.ExampleProvider']);
    await portal.stop();
  });
});
