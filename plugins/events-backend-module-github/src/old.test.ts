import type { AddressInfo } from 'node:net';
import {
  coreServices,
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import {
  eventsServiceRef,
  type EventParams,
} from '@backstage/plugin-events-node';
import events from '@callboard/backstage-plugin-events-backend';
import {
  bundleFeatures,
  createTestDatabases,
  makeGithubRequest,
  type GithubRequest,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import examples from '@octokit/webhooks-examples';
import { eventsModuleGithub as github } from './old';

const databases = createTestDatabases();
const secret = 'It is a secret to everybody';

/** Collects what two subscribers are given, and says when there is enough. */
function createSubscriber(topics: string[]) {
  const received: EventParams[] = [];
  let onReceived = () => {};
  return {
    received,
    /** Resolves when this many events have come. */
    waitFor: (count: number) =>
      new Promise<void>(resolve => {
        onReceived = () => received.length >= count && resolve();
        onReceived();
      }),
    feature: createBackendPlugin({
      pluginId: 'subscriber',
      register(env) {
        env.registerInit({
          deps: { service: eventsServiceRef },
          async init({ service }) {
            await service.subscribe({
              id: 'all',
              topics,
              onEvent: async params => {
                received.push(params);
                onReceived();
              },
            });
          },
        });
      },
    }),
  };
}

async function startPortal(
  databaseId: TestDatabaseId,
  config: JsonObject,
  subscriber = createSubscriber(['github']),
) {
  const knex = await databases.open(databaseId);
  const backend = await startTestBackend({
    features: [
      bundleFeatures(events, github),
      subscriber.feature,
      mockServices.database.factory({ knex }),
      mockServices.rootConfig.factory({ data: config }),
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  return {
    knex,
    subscriber,
    stop: () => backend.stop(),
    post: ({ headers, body }: GithubRequest) =>
      fetch(`http://127.0.0.1:${port}/api/events/http/github`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
      }),
    readLog: (): Promise<
      { topic: string; payload: string; key: string | null }[]
    > =>
      knex('callboard_events as e')
        .join('callboard_contents as c', 'c.position', 'e.content_position')
        .select('e.*', 'c.payload')
        .orderBy('e.position'),
  };
}

const withSecret = {
  events: { modules: { github: { webhookSecret: secret } } },
};

describe.each(databases.ids)('webhooks of GitHub on %s', databaseId => {
  it('stores every kind of event whole and in order, and delivers each once as github and once as github.<event>', async () => {
    const sent = examples.flatMap(({ name, examples: payloads }) =>
      payloads.map(payload => ({ event: name, payload })),
    );
    expect(sent).toHaveLength(329);
    const names = examples.map(({ name }) => `github.${name}`);
    const subscriber = createSubscriber(['github', ...names]);
    const portal = await startPortal(databaseId, withSecret, subscriber);

    for (const { event, payload } of sent) {
      const response = await portal.post(
        makeGithubRequest({ event, payload, secret }),
      );
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ status: 'accepted' });
    }

    const log = await portal.readLog();
    expect(
      log
        .filter(({ topic }) => topic === 'github')
        .map(({ payload }) => JSON.parse(payload)),
    ).toEqual(sent.map(({ payload }) => payload));
    expect(
      log
        .filter(({ topic }) => topic !== 'github')
        .map(({ topic, payload }) => ({ topic, payload: JSON.parse(payload) })),
    ).toEqual(
      sent.map(({ event, payload }) => ({ topic: `github.${event}`, payload })),
    );

    await subscriber.waitFor(2 * sent.length);
    // Stopping settles what is in flight, so that a second delivery would have come by now.
    await portal.stop();
    const ids = subscriber.received.map(
      ({ metadata }) => metadata?.['callboard-event-id'],
    );
    expect(new Set(ids).size).toBe(2 * sent.length);
    expect(ids).toHaveLength(2 * sent.length);
    expect(
      subscriber.received.filter(({ topic }) => topic === 'github'),
    ).toHaveLength(sent.length);
  });

  it('keeps events of one repository in the order they came', async () => {
    const sent = examples.flatMap(({ name, examples: payloads }) =>
      payloads.map(payload => ({ event: name, payload })),
    );
    const portal = await startPortal(databaseId, withSecret);
    for (const { event, payload } of sent) {
      await portal.post(makeGithubRequest({ event, payload, secret }));
    }
    await portal.subscriber.waitFor(sent.length);
    await portal.stop();

    const stored = (await portal.readLog()).filter(
      ({ topic }) => topic === 'github',
    );
    const keys = [...new Set(stored.flatMap(({ key }) => key ?? []))];
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys) {
      expect(
        portal.subscriber.received
          .filter(({ metadata }) => metadata?.['callboard-event-key'] === key)
          .map(({ eventPayload }) => eventPayload),
      ).toEqual(
        stored
          .filter(row => row.key === key)
          .map(({ payload }) => JSON.parse(payload)),
      );
    }
  });

  it('refuses what is not signed with the secret over exactly these bytes, and stores nothing', async () => {
    const portal = await startPortal(databaseId, withSecret);
    const [{ examples: payloads }] = examples.filter(
      ({ name }) => name === 'push',
    );
    const genuine = makeGithubRequest({
      event: 'push',
      payload: payloads[0],
      secret,
    });
    const signature = genuine.headers['x-hub-signature-256'];
    const flipped = Buffer.from(genuine.body);
    flipped[Math.floor(flipped.length / 2)] ^= 1;
    const broken = Buffer.from(genuine.body);
    broken[0] ^= 1;
    const withSignature = (value: string) => ({
      ...genuine,
      headers: { ...genuine.headers, 'x-hub-signature-256': value },
    });
    const { 'x-hub-signature-256': _, ...unsigned } = genuine.headers;

    const forgeries: Record<string, GithubRequest> = {
      'a flipped byte': { ...genuine, body: flipped },
      'a flipped byte that breaks the JSON': { ...genuine, body: broken },
      'another secret': makeGithubRequest({
        event: 'push',
        payload: payloads[0],
        secret: 'another',
      }),
      'no signature': { ...genuine, headers: unsigned },
      'an empty signature': withSignature(''),
      'a truncated signature': withSignature(signature.slice(0, -1)),
      'no prefix': withSignature(signature.slice('sha256='.length)),
      'upper case': withSignature(
        `sha256=${signature.slice('sha256='.length).toUpperCase()}`,
      ),
      'an upper-case prefix': withSignature(
        signature.replace('sha256', 'SHA256'),
      ),
      'something after it': withSignature(`${signature}0`),
    };
    const statuses = await Promise.all(
      Object.entries(forgeries).map(async ([name, request]) => [
        name,
        (await portal.post(request)).status,
      ]),
    );
    expect(statuses).toEqual(Object.keys(forgeries).map(name => [name, 403]));
    expect(await portal.readLog()).toEqual([]);

    expect((await portal.post(genuine)).status).toBe(202);
    await portal.stop();
  });

  it('stores a delivery once, however often GitHub sends it', async () => {
    const portal = await startPortal(databaseId, withSecret);
    const request = makeGithubRequest({
      event: 'ping',
      payload: { zen: 'Anything added dilutes everything else.' },
      secret,
    });
    const responses = await Promise.all([
      portal.post(request),
      portal.post(request),
    ]);
    responses.push(await portal.post(request));
    expect(responses.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect((await portal.readLog()).map(({ topic }) => topic)).toEqual([
      'github',
      'github.ping',
    ]);
    await portal.stop();
  });

  it('refuses everything while no secret is configured', async () => {
    const portal = await startPortal(databaseId, {});
    const response = await portal.post(
      makeGithubRequest({ event: 'ping', payload: {}, secret: '' }),
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      message: expect.stringContaining('events.modules.github.webhookSecret'),
    });
    expect(await portal.readLog()).toEqual([]);
    await portal.stop();
  });

  it('accepts anybody only when the configuration says so', async () => {
    const portal = await startPortal(databaseId, {
      events: {
        modules: { github: { dangerouslyAllowUnauthenticatedEvents: true } },
      },
    });
    const response = await portal.post(
      makeGithubRequest({ event: 'ping', payload: {}, secret: 'any' }),
    );
    expect(response.status).toBe(202);
    await portal.stop();
  });

  it('accepts each of several secrets while one is being replaced', async () => {
    const portal = await startPortal(databaseId, {
      events: {
        modules: {
          github: { webhookSecret: 'new', previousWebhookSecrets: ['old'] },
        },
      },
    });
    const statuses = await Promise.all(
      ['new', 'old', 'older'].map(async one => {
        const response = await portal.post(
          makeGithubRequest({ event: 'ping', payload: {}, secret: one }),
        );
        return response.status;
      }),
    );
    expect(statuses).toEqual([202, 202, 403]);
    await portal.stop();
  });

  it("takes an app's secret for the app that the headers name, and for no other", async () => {
    const portal = await startPortal(databaseId, {
      integrations: {
        github: [
          {
            host: 'github.com',
            apps: [
              { appId: 1, webhookSecret: 'one', ...credentials },
              { appId: 2, webhookSecret: 'two', ...credentials },
            ],
          },
        ],
      },
    });
    const post = async (appId: number, appSecret: string) => {
      const request = makeGithubRequest({
        event: 'ping',
        payload: {},
        secret: appSecret,
      });
      const response = await portal.post({
        ...request,
        headers: {
          ...request.headers,
          'x-github-hook-installation-target-type': 'integration',
          'x-github-hook-installation-target-id': String(appId),
        },
      });
      return response.status;
    };
    expect(await post(1, 'one')).toBe(202);
    expect(await post(2, 'two')).toBe(202);
    expect(await post(1, 'two')).toBe(403);
    expect(await post(3, 'one')).toBe(403);
    await portal.stop();
  });

  it('routes a github event that another plugin publishes, as modules for queues do', async () => {
    const subscriber = createSubscriber(['github.push']);
    const knex = await databases.open(databaseId);
    const queue = createBackendModule({
      pluginId: 'events',
      moduleId: 'queue',
      register(env) {
        env.registerInit({
          deps: {
            service: eventsServiceRef,
            lifecycle: coreServices.rootLifecycle,
          },
          async init({ service, lifecycle }) {
            lifecycle.addStartupHook(() =>
              service.publish({
                topic: 'github',
                eventPayload: { ref: 'main' },
                metadata: { 'x-github-event': 'push' },
              }),
            );
          },
        });
      },
    });
    const backend = await startTestBackend({
      features: [
        bundleFeatures(events, github, queue),
        subscriber.feature,
        mockServices.database.factory({ knex }),
        mockServices.rootConfig.factory({ data: withSecret }),
      ],
    });
    await subscriber.waitFor(1);
    expect(subscriber.received[0]).toMatchObject({
      topic: 'github.push',
      eventPayload: { ref: 'main' },
    });
    await backend.stop();
  });
});

const credentials = {
  clientId: 'client',
  clientSecret: 'secret',
  privateKey: 'key',
};
