import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import notificationsBackend from '@backstage/plugin-notifications-backend';
import type { JsonObject } from '@backstage/types';
import {
  WebhookReceiver,
  type ReceiverAnswer,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { createEventParams } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import { Webhook } from 'standardwebhooks';
import {
  createParticipant,
  createRecorder,
} from './__testUtils__/createParticipant';
import { startPortal } from './__testUtils__/startPortal';
import { createTestStores } from './__testUtils__/stores';

jest.setTimeout(60_000);

const stores = createTestStores();
const [anyStore] = stores.ids;
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const secrets = { signing: [secret] };
const owner = 'group:default/shop';

async function startReceiver(answer?: ReceiverAnswer) {
  const receiver = new WebhookReceiver({ answer });
  stops.push(() => receiver.stop());
  return { receiver, url: await receiver.start() };
}

/** A portal in which one plugin publishes, with endpoints of the configuration. */
async function startShop(options: {
  knex: Knex;
  endpoints: JsonObject;
  webhooks?: JsonObject;
  features?: BackendFeature[];
}) {
  const recorder = createRecorder();
  const shop = createParticipant('shop', events =>
    events.subscribe({
      id: 'told',
      topics: ['events.endpoint.disabled'],
      onEvent: recorder.onEvent,
    }),
  );
  const logger = mockServices.rootLogger.mock();
  logger.child.mockReturnValue(logger);
  const portal = await startPortal({
    knex: options.knex,
    config: {
      app: { baseUrl: 'http://localhost:3000' },
      events: {
        subscriptions: { pollInterval: { milliseconds: 50 } },
        webhooks: {
          allow: ['127.0.0.1'],
          allowHttp: true,
          ...options.webhooks,
          endpoints: options.endpoints,
        },
      },
    },
    features: [shop.feature, logger.factory, ...(options.features ?? [])],
  });
  stops.push(portal.stop);
  const events = await shop.events;
  return {
    ...portal,
    logger,
    /** What the shop was told of endpoints that were disabled. */
    told: recorder,
    order: (number: number) =>
      events.publish(
        createEventParams({
          topic: 'shop.order',
          key: `order:${number}`,
          eventPayload: { number },
        }),
      ),
  };
}

describe.each(stores.ids)('endpoints of the configuration, on %s', storeId => {
  it('are sent what plugins publish, signed', async () => {
    const { receiver, url } = await startReceiver();
    const shop = await startShop({
      knex: await stores.openEmpty(storeId),
      endpoints: {
        orders: {
          url: `${url}/hooks`,
          topics: ['shop.*'],
          filter: 'payload.number > 1.0',
          headers: { 'x-shop': 'one' },
          owner,
          secrets: { ...secrets, headers: { 'x-api-key': 'an api key' } },
        },
      },
    });
    await shop.order(1);
    await shop.order(2);
    const [{ body, headers, path }] = await receiver.waitFor(1);
    const message = new Webhook(secret).verify(body.toString(), {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    });
    expect(message).toEqual({
      topic: 'shop.order',
      eventPayload: { number: 2 },
      metadata: {
        source: 'shop',
        eventId: headers['webhook-id'],
        timestamp: expect.any(String),
        correlationId: expect.any(String),
        'callboard-event-key': 'order:2',
      },
    });
    expect(path).toBe('/hooks');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-shop': 'one',
      'x-api-key': 'an api key',
    });
  });

  it('go on at the next start where they were, and stay for a while when they are declared no longer', async () => {
    const knex = await stores.openEmpty(storeId);
    const kept = await startReceiver();
    const dropped = await startReceiver({ kind: 'answer', status: 500 });
    const settings = { topics: ['shop.order'], owner, secrets };
    const endpoints = {
      kept: { url: kept.url, ...settings },
      dropped: { url: dropped.url, ...settings },
    };
    const subscriptions = () =>
      knex('callboard_subscriptions')
        .whereLike('id', 'webhook:%')
        .orderBy('id')
        .pluck('id');

    const first = await startShop({ knex, endpoints });
    await first.order(1);
    await kept.receiver.waitFor(1);
    await dropped.receiver.waitFor(1);
    await expect(subscriptions()).resolves.toEqual([
      'webhook:dropped',
      'webhook:kept',
    ]);
    await first.stop();

    const second = await startShop({
      knex,
      endpoints: { kept: endpoints.kept },
    });
    await expect(subscriptions()).resolves.toEqual([
      'webhook:dropped',
      'webhook:kept',
    ]);

    await second.order(2);
    await kept.receiver.waitFor(2);
    await second.stop();
    expect(
      kept.receiver.requests.map(
        ({ body }) => JSON.parse(body.toString()).eventPayload.number,
      ),
    ).toEqual([1, 2]);
    expect(dropped.receiver.requests).toHaveLength(1);
  });

  it('tell their owner that they were disabled: by an event in the log, and by a notification to each of its members', async () => {
    const { url } = await startReceiver({ kind: 'answer', status: 410 });
    const knex = await stores.openEmpty(storeId);
    const shop = await startShop({
      knex,
      endpoints: {
        orders: {
          url,
          topics: ['shop.order'],
          owner,
          description: 'The old shop',
          secrets,
        },
      },
      features: [
        notificationsBackend,
        catalogServiceMock.factory({
          entities: [
            {
              apiVersion: 'backstage.io/v1alpha1',
              kind: 'Group',
              metadata: { name: 'shop', namespace: 'default' },
              relations: [
                { type: 'hasMember', targetRef: 'user:default/mock' },
              ],
            },
            {
              apiVersion: 'backstage.io/v1alpha1',
              kind: 'User',
              metadata: { name: 'mock', namespace: 'default' },
            },
          ],
        }),
      ],
    });
    await shop.order(1);
    await shop.told.waitFor(1);
    const reason =
      'Answered 410: the receiver is gone and wants no more events';
    expect(shop.told.received).toMatchObject([
      {
        topic: 'events.endpoint.disabled',
        eventPayload: {
          endpointId: 'orders',
          owner,
          description: 'The old shop',
          reason,
        },
      },
    ]);

    const readNotifications = async () => {
      const response = await fetch(
        shop.url.replace('/api/events', '/api/notifications'),
        { headers: { Authorization: mockCredentials.user.header() } },
      );
      const { notifications }: { notifications: unknown[] } =
        await response.json();
      return notifications;
    };
    let notifications = await readNotifications();
    while (notifications.length === 0) {
      await new Promise(resolve => setTimeout(resolve, 20));
      notifications = await readNotifications();
    }
    expect(notifications).toMatchObject([
      {
        user: 'user:default/mock',
        payload: {
          title: 'Webhook endpoint orders was disabled',
          description: expect.stringContaining(reason),
          severity: 'high',
        },
      },
    ]);
    await expect(knex('callboard_endpoints').select('state')).resolves.toEqual([
      { state: 'disabled' },
    ]);
  });
});

describe('a portal without the plugin for notifications', () => {
  it('says in its log whom nobody could tell that an endpoint was disabled, and publishes it once', async () => {
    const { url } = await startReceiver({ kind: 'answer', status: 410 });
    const knex = await stores.openEmpty(anyStore);
    const shop = await startShop({
      knex,
      endpoints: { orders: { url, topics: ['shop.order'], owner, secrets } },
    });
    await shop.order(1);
    await shop.told.waitFor(1);
    const announced = () =>
      knex('callboard_endpoints').whereNotNull('announcement');
    while ((await announced()).length > 0) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    expect(shop.logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        /^Nobody could tell group:default\/shop that the endpoint orders was disabled/,
      ),
    );
    expect(shop.told.received).toHaveLength(1);
  });
});

describe('a portal whose configuration of an endpoint is wrong does not start', () => {
  const good = {
    url: 'https://shop.example/hooks',
    topics: ['shop.order'],
    owner,
    secrets,
  };
  const hidden = 'hunter2-and-more';

  it.each<[string, JsonObject, RegExp]>([
    [
      'a URL inside the network',
      { url: 'https://127.0.0.2/' },
      /url: 127\.0\.0\.2 is a loopback address \(.*\), which webhooks reach only if events\.webhooks\.allow has it/,
    ],
    [
      'a URL with a password',
      { url: `https://shop:${hidden}@shop.example/` },
      /url: The URL must not have a user or a password/,
    ],
    ['a URL that is none', { url: `nowhere?${hidden}` }, /url: must be a URL/],
    ['a filter that cannot be read', { filter: 'payload.number >' }, /filter/],
    [
      'a filter about what events do not have',
      { filter: 'body.number > 1' },
      /filter.*body/,
    ],
    ['no secrets', { secrets: undefined }, /secrets/],
    ['no signing secret', { secrets: {} }, /secrets\.signing/],
    [
      'a signing secret that is none',
      { secrets: { signing: [`whsec_${hidden}`] } },
      /secrets\.signing: A secret for signing must be 'whsec_' and the base64/,
    ],
    [
      'a signing secret for another version',
      { signatures: ['v1a'] },
      /signatures asks for v1a, and secrets\.signing has no key for it/,
    ],
    ['an unknown field', { retries: 3 }, /"retries"/],
    [
      'an unknown secret',
      { secrets: { ...secrets, pasword: hidden } },
      /secrets: .*"pasword"/,
    ],
    [
      'a secret in the wrong place',
      { headers: { 'x-api-key': hidden } },
      /x-api-key.*put it into 'secrets\.headers'/,
    ],
    [
      'a header that is ours',
      { secrets: { ...secrets, headers: { 'webhook-id': hidden } } },
      /webhook-id.*leave it out/,
    ],
    [
      'a secret header that cannot be one',
      { secrets: { ...secrets, headers: { 'x-token': `${hidden}\n` } } },
      /secrets\.headers\.x-token: must be visible ASCII/,
    ],
    ['no owner', { owner: undefined }, /owner/],
    [
      'an owner that is no whole reference',
      { owner: 'shop' },
      /owner: must be a whole reference, such as 'group:default\/platform'/,
    ],
    [
      'batches of CloudEvents in binary mode',
      { format: 'cloudevents-binary', batch: { maxEvents: 10 } },
      /leave 'batch' out, or choose the format 'cloudevents-structured'/,
    ],
    [
      'tokens from inside the network',
      {
        auth: {
          type: 'oauth2',
          tokenUrl: 'https://10.0.0.1/token',
          clientId: 'callboard',
        },
        secrets: { ...secrets, clientSecret: hidden },
      },
      /auth\.tokenUrl: 10\.0\.0\.1 is a private address .* only if events\.webhooks\.allow has it/,
    ],
  ])('with %s', async (_, wrong, says) => {
    const failure: unknown = await startShop({
      knex: await stores.openEmpty(anyStore),
      endpoints: { fine: good, orders: { ...good, ...wrong } },
    }).catch(error => error);
    const message = failure instanceof Error ? failure.message : '';
    expect(message).toContain(
      'Invalid configuration: events.webhooks.endpoints.orders: ',
    );
    expect(message).toMatch(says);
    expect(message).not.toContain(hidden);
    expect(message).not.toContain(secret.slice('whsec_'.length));
  });

  it('with an id that cannot be one', async () => {
    await expect(
      startShop({
        knex: await stores.openEmpty(anyStore),
        endpoints: { 'The orders': good },
      }),
    ).rejects.toThrow(
      'Invalid configuration: events.webhooks.endpoints.The orders: the id must be 1 to 63 small letters, digits and dashes',
    );
  });
});
