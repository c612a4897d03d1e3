import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  ingressExtensionPoint,
  ingressServiceRef,
  type IngressService,
} from '@callboard/backstage-plugin-events-node';
import type { JsonObject } from '@backstage/types';
import { startPortal } from '../__testUtils__/startPortal';
import { createTestStores, type StoreId } from '../__testUtils__/stores';

const stores = createTestStores();

async function start(storeId: StoreId, config: JsonObject = {}) {
  const knex = await stores.openEmpty(storeId);
  let service: IngressService | undefined;
  const portal = await startPortal({
    knex,
    config: { events: config },
    modules: [
      createBackendModule({
        pluginId: 'events',
        moduleId: 'sender',
        register(env) {
          env.registerInit({
            deps: { ingress: ingressExtensionPoint, given: ingressServiceRef },
            async init({ ingress, given }) {
              service = given;
              ingress.addIngressSource({
                topic: 'door',
                secretHeaders: ['x-hidden'],
                verify: async () => ({ accepted: true }),
                describe: ({ metadata }) => ({
                  key: 'key',
                  deduplicationId: metadata?.['x-id']?.toString(),
                  subtopics: ['door.sub'],
                }),
              });
            },
          });
        },
      }),
    ],
  });
  if (!service) {
    throw new Error('The module was not given the service');
  }
  return {
    service,
    stop: portal.stop,
    post: (id: string, body: object) =>
      fetch(`${portal.url}/http/door`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-id': id,
          'x-hidden': 'secret',
        },
        body: JSON.stringify(body),
      }),
    readLog: () =>
      knex('callboard_events as e')
        .join('callboard_contents as c', 'c.position', 'e.content_position')
        .orderBy('e.position')
        .select(
          'e.topic',
          'e.key',
          'e.deduplication_id',
          'payload',
          'metadata',
        ),
    trimEverything: () =>
      knex('callboard_log').update({ head: knex.ref('tail') }),
  };
}

describe.each(stores.ids)('requests that a sender has kept, on %s', storeId => {
  it('are stored as those that came through the ingress, and once', async () => {
    const { service, post, readLog, stop } = await start(storeId);
    await post('one', { n: 1 });
    const kept = {
      headers: {
        'Content-Type': 'application/json',
        'X-Id': 'two',
        'X-Hidden': 'secret',
        'X-Hub-Signature-256': 'sha256=0',
        'Callboard-Event-Id': '00000000-0000-4000-8000-000000000000',
      },
      payload: { n: 2 },
    };

    expect(await service.receive('door', [kept])).toMatchObject([
      { duplicate: false },
    ]);
    expect(
      await service.receive('door', [
        kept,
        { headers: { 'x-id': 'one' }, payload: {} },
      ]),
    ).toMatchObject([{ duplicate: true }, { duplicate: true }]);

    const log = await readLog();
    expect(log.map(({ metadata, ...row }) => row)).toEqual(
      [1, 1, 2, 2].map((n, index) => ({
        topic: index % 2 === 0 ? 'door' : 'door.sub',
        key: 'key',
        deduplication_id: n === 1 ? 'one' : 'two',
        payload: JSON.stringify({ n }),
      })),
    );
    expect(JSON.parse(log[2].metadata)).toEqual({
      'content-type': 'application/json',
      'x-id': 'two',
      'callboard-event-source': 'http/door',
      'callboard-correlation-id': expect.any(String),
    });
    await stop();
  });

  it('are known once they are in the log', async () => {
    const { service, post, stop, trimEverything } = await start(storeId);
    await post('one', {});

    expect(await service.findReceived('door', ['one', 'two'])).toEqual({
      received: new Set(['one']),
      completeSinceMs: 0,
    });
    const startMs = Date.now() - 60_000;
    await trimEverything();
    const { completeSinceMs } = await service.findReceived('door', []);
    expect(completeSinceMs).toBeGreaterThan(startMs);
    await stop();
  });

  it('are refused for a topic without an ingress, and too many at once', async () => {
    const { service, stop } = await start(storeId);

    await expect(
      service.receive('other', [{ headers: {}, payload: {} }]),
    ).rejects.toThrow("There is no ingress for topic 'other'");
    await expect(
      service.findReceived('door', Array(1_001).fill('id')),
    ).rejects.toThrow('At most 1000 deliveries');
    await stop();
  });

  it('may have been there, if they are kept for minutes only', async () => {
    const { service, stop } = await start(storeId, {
      ephemeral: { topics: ['door'] },
    });

    expect(await service.findReceived('door', ['one'])).toEqual({
      received: new Set(),
      completeSinceMs: Infinity,
    });
    await stop();
  });
});
