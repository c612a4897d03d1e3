import { createBackendPlugin } from '@backstage/backend-plugin-api';
import { mockCredentials } from '@backstage/backend-test-utils';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import notificationsBackend from '@backstage/plugin-notifications-backend';
import {
  notificationService,
  type NotificationService,
} from '@backstage/plugin-notifications-node';
import signalsBackend from '@backstage/plugin-signals-backend';
import {
  signalsServiceRef,
  type SignalsService,
} from '@backstage/plugin-signals-node';
import type { Knex } from 'knex';
import { WebSocket } from 'ws';
import { startPortal } from './__testUtils__/startPortal';
import { createTestStores } from './__testUtils__/stores';

const stores = createTestStores();
const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) {
    await stop();
  }
});

const user = 'user:default/mock';

/** A portal with the stock backends of signals and notifications, and a plugin that uses their services. */
async function startWithNeighbours(knex: Knex) {
  let ready: (services: {
    notifications: NotificationService;
    signals: SignalsService;
  }) => void = () => {};
  const services = new Promise<Parameters<typeof ready>[0]>(resolve => {
    ready = resolve;
  });
  const announcer = createBackendPlugin({
    pluginId: 'announcer',
    register(env) {
      env.registerInit({
        deps: {
          notifications: notificationService,
          signals: signalsServiceRef,
        },
        async init(deps) {
          ready(deps);
        },
      });
    },
  });
  const portal = await startPortal({
    knex,
    // What the links of notifications begin with.
    config: { app: { baseUrl: 'http://localhost:3000' } },
    features: [
      signalsBackend,
      notificationsBackend,
      catalogServiceMock.factory({
        entities: [
          {
            apiVersion: 'backstage.io/v1alpha1',
            kind: 'User',
            metadata: { name: 'mock', namespace: 'default' },
          },
        ],
      }),
      announcer,
    ],
  });
  stops.unshift(portal.stop);

  // The stock `subscribe` is not awaited by the signals backend.
  while (!(await hasSubscriber(knex))) {
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  return {
    ...(await services),
    listen: (channel: string, token?: string) =>
      listen(portal.url.replace('/events', '/signals'), channel, token),
  };
}

async function hasSubscriber(knex: Knex) {
  return (await knex('callboard_subscription_topics')).some(
    ({ topic }) => topic === 'signals',
  );
}

/** A browser that listens to a channel of signals; resolves to what it hears. */
async function listen(url: string, channel: string, token?: string) {
  const messages: unknown[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const socket = await connect(url, token);
  stops.unshift(() => socket.terminate());
  socket.on('message', data => {
    messages.push(JSON.parse(data.toString()));
    waiting
      .filter(({ count }) => messages.length >= count)
      .forEach(({ resolve }) => resolve());
  });
  socket.send(JSON.stringify({ action: 'subscribe', channel }));
  // Answered after the message before it was read.
  const pong = new Promise(resolve => {
    socket.once('pong', resolve);
  });
  socket.ping();
  await pong;
  return {
    messages,
    waitFor: (count: number) =>
      new Promise<void>(resolve => {
        if (messages.length >= count) {
          resolve();
        } else {
          waiting.push({ count, resolve });
        }
      }),
  };
}

/** The signals backend never answers the first connection of its process: it only learns by it that there are any. */
async function connect(url: string, token?: string): Promise<WebSocket> {
  for (;;) {
    const socket = new WebSocket(url, token ? [token] : [], {
      handshakeTimeout: 500,
    });
    const open = await new Promise<boolean>(resolve => {
      socket.once('open', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (open) {
      return socket;
    }
    socket.terminate();
  }
}

describe.each(stores.ids)('stock backends beside us on %s', storeId => {
  it('a notification arrives as a signal at the browsers of whom it is for', async () => {
    const portal = await startWithNeighbours(await stores.openEmpty(storeId));
    const channel = 'notifications';
    const mine = await portal.listen(channel, mockCredentials.user.token());
    const guest = await portal.listen(channel);

    await portal.notifications.send({
      recipients: { type: 'entity', entityRef: user },
      payload: { title: 'for one' },
    });
    await mine.waitFor(1);
    await portal.notifications.send({
      recipients: { type: 'broadcast' },
      payload: { title: 'for all' },
    });
    await mine.waitFor(2);
    await guest.waitFor(1);

    const isNew = {
      channel,
      message: {
        action: 'new_notification',
        notification_id: expect.any(String),
      },
    };
    expect(mine.messages).toEqual([isNew, isNew]);
    expect(guest.messages).toEqual([mine.messages[1]]);
  });

  it('every replica gets every signal, since each subscribes with an id of its own', async () => {
    const knex = await stores.openEmpty(storeId);
    const replicas = [
      await startWithNeighbours(knex),
      await startWithNeighbours(knex),
    ];
    const subscribers = async () =>
      (await knex('callboard_subscription_topics')).map(
        ({ subscription_id }) => subscription_id,
      );
    while ((await subscribers()).length < 2) {
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    expect(await subscribers()).toEqual([
      expect.stringMatching(/^signals\.signals-[0-9a-f]{16}$/),
      expect.stringMatching(/^signals\.signals-[0-9a-f]{16}$/),
    ]);

    const browsers = await Promise.all(
      replicas.map(replica => replica.listen('news')),
    );
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    for (const number of numbers) {
      await replicas[number % 2].signals.publish({
        channel: 'news',
        recipients: { type: 'broadcast' },
        message: { number },
      });
    }
    for (const browser of browsers) {
      await browser.waitFor(numbers.length);
      const heard = browser.messages.map(message => JSON.stringify(message));
      expect(heard.sort()).toEqual(
        numbers
          .map(number =>
            JSON.stringify({ channel: 'news', message: { number } }),
          )
          .sort(),
      );
    }
  });
});
