import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { endScenes, listGuids, startScene } from './__testUtils__/startScene';

jest.setTimeout(60_000);

const databases = createTestDatabases();

afterEach(endScenes);

describe.each(databases.ids)('webhooks that did not arrive, on %s', id => {
  it('are in the log once after the start, as if they had come through the ingress', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(200);
    const sent = scene.listGuids();
    // The app was installed, too, and the repository made.
    expect(sent.length).toBeGreaterThanOrEqual(202);

    const portal = await scene.startPortal(knex);
    await portal.firstTurn();

    const log = await portal.readLog();
    expect(listGuids(log)).toHaveLength(sent.length);
    expect(new Set(listGuids(log))).toEqual(new Set(sent));
    expect(log).toHaveLength(2 * sent.length);
    expect(portal.listLines()).toContainEqual(
      expect.stringContaining(
        `recovered ${sent.length} that had failed and 0 that the log did not have`,
      ),
    );

    // The next push comes through the ingress, and differs in nothing.
    await scene.push(1);
    const [live] = (await portal.readLog()).slice(-2);
    const [recovered] = log.filter(({ topic }) => topic === 'github').slice(-1);
    expect(live.topic).toBe('github');
    expect(recovered.key).toBe(live.key);
    expect(recovered.key).toMatch(/^github:repository:\d+$/);
    const readNames = ({ metadata }: typeof live) =>
      Object.keys(JSON.parse(metadata)).filter(
        // Of the connection, not of the webhook.
        name => name !== 'connection' && name !== 'host',
      );
    expect(readNames(recovered).sort()).toEqual(readNames(live).sort());
    expect(JSON.parse(recovered.metadata)).toMatchObject({
      'x-github-event': 'push',
      'x-github-delivery': recovered.deduplication_id,
      'callboard-event-source': 'http/github',
    });
    expect(recovered.metadata).not.toContain('sha256=');
    expect(Object.keys(JSON.parse(recovered.payload))).toEqual(
      Object.keys(JSON.parse(live.payload)),
    );
  });

  it('come in the order in which they were sent', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(30);
    const portal = await scene.startPortal(knex);
    await portal.firstTurn();

    expect(listGuids(await portal.readLog())).toEqual(scene.listGuids());
  });

  it('are stored once, however many turns there are and however often the portal starts', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(5);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    await first.takeTurn();
    const count = listGuids(await first.readLog()).length;
    await first.stop();
    scene.server.resetRequestCounts();

    const second = await scene.startPortal(knex);
    await second.firstTurn();
    await second.takeTurn();
    expect(listGuids(await second.readLog())).toHaveLength(count);
    expect(
      scene.server.requestCounts.byKind['GET /app/hook/deliveries/:id'],
    ).toBeUndefined();
  });

  it('are fetched alone, when others have arrived', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    await scene.push(20);
    await first.stop();
    await scene.push(20);
    const failed = scene.server.deliveries
      .list()
      .filter(({ statusCode }) => statusCode >= 300)
      .slice(0, 20);
    expect(failed).toHaveLength(20);
    scene.server.resetRequestCounts();

    const second = await scene.startPortal(knex);
    await second.firstTurn();
    const guids = listGuids(await second.readLog());
    expect(new Set(guids).size).toBe(guids.length);
    expect(new Set(guids)).toEqual(new Set(scene.listGuids()));
    expect(
      scene.server.requestCounts.byKind['GET /app/hook/deliveries/:id'],
    ).toBe(20);
  });

  it('are left alone when a later attempt has arrived', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    await first.stop();
    await scene.push(1);
    const second = await scene.startPortal(knex, {
      recovery: { enabled: false },
    });
    const [failed] = scene.server.deliveries.list();
    await fetchAttempt(scene, failed.id);
    expect(listGuids(await second.readLog())).toContain(failed.guid);
    await second.stop();
    scene.server.resetRequestCounts();

    const third = await scene.startPortal(knex);
    await third.firstTurn();
    expect(
      scene.server.requestCounts.byKind['GET /app/hook/deliveries/:id'],
    ).toBeUndefined();
  });

  it('are fetched when GitHub says that they have arrived, but the log does not have them, as after a backup was restored', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    await first.stop();
    await knex('callboard_github_recovery').update({ begun_at: 0 });
    const backup = await Promise.all(
      [
        'callboard_log',
        'callboard_events',
        'callboard_contents',
        'callboard_github_recovery',
      ].map(async table => ({ table, rows: await knex(table) })),
    );
    const second = await scene.startPortal(knex);
    await second.firstTurn();
    await scene.push(10);
    const all = listGuids(await second.readLog());
    await second.stop();
    for (const { table, rows } of backup) {
      await knex(table).delete();
      await knex.batchInsert(table, rows, 50);
    }

    const third = await scene.startPortal(knex);
    await third.firstTurn();
    expect(new Set(listGuids(await third.readLog()))).toEqual(new Set(all));
    expect(third.listLines()).toContainEqual(
      expect.stringContaining(
        'recovered 0 that had failed and 10 that the log did not have',
      ),
    );
  });

  it('are none of those that another portal has taken before this one was there', async () => {
    const scene = await startScene();
    const before = await scene.startPortal(await databases.open(id));
    await before.firstTurn();
    await scene.push(5);
    await before.stop();
    await scene.push(3);

    const portal = await scene.startPortal(await databases.open(id));
    await portal.firstTurn();
    const failed = new Set(
      scene.server.deliveries
        .list()
        .filter(({ statusCode }) => statusCode >= 300)
        .map(({ guid }) => guid),
    );
    expect(new Set(listGuids(await portal.readLog()))).toEqual(failed);
  });

  it('are not taken for missing when the log may have had them', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    await scene.push(3);
    const { length } = listGuids(await first.readLog());
    expect(length).toBeGreaterThan(3);
    await first.stop();
    // As if all of it were trimmed, and the recovery had begun long before.
    await knex('callboard_github_recovery').update({
      begun_at: 0,
      seen_at: null,
    });
    await knex('callboard_log').update({ head: knex.ref('tail') });
    await knex('callboard_events').delete();

    const second = await scene.startPortal(knex);
    await second.firstTurn();
    // Those that had failed cannot be told from those that never came.
    const arrived = scene.server.deliveries
      .list()
      .filter(({ statusCode }) => statusCode === 202)
      .map(({ guid }) => guid);
    const guids = listGuids(await second.readLog());
    expect(guids.filter(guid => arrived.includes(guid))).toEqual([]);
  });

  it('wait for the next turn while they are young', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(2);
    scene.clock.behindMs = 0;
    await scene.push(3);
    const portal = await scene.startPortal(knex);
    await portal.firstTurn();
    const { length } = listGuids(await portal.readLog());
    expect(length).toBe(scene.listGuids().length - 3);
  });

  it('are fetched as many as a turn may, the oldest first, and the next turn goes on', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(20);
    const order = scene.listGuids();
    const recovery = { maxDeliveries: 10 };
    const first = await scene.startPortal(knex, { recovery });
    await first.firstTurn();
    expect(listGuids(await first.readLog())).toEqual(order.slice(0, 10));
    expect(first.listLines()).toContainEqual(
      expect.stringContaining('the next turn goes on'),
    );
    await first.stop();

    // Another process goes on.
    const second = await scene.startPortal(knex, { recovery });
    await second.firstTurn();
    expect(listGuids(await second.readLog())).toEqual(order.slice(0, 20));
    await second.takeTurn();
    expect(listGuids(await second.readLog())).toEqual(order);
  });

  it('are fetched for as long as a turn may take, and the next turn goes on', async () => {
    const scene = await startScene({
      async intercept(request) {
        // No answer of this GitHub's own takes long.
        if (/\/deliveries\/\d+$/.test(request.url ?? '')) {
          await sleep(150);
        }
        return false;
      },
    });
    const knex = await databases.open(id);
    await scene.push(20);
    const portal = await scene.startPortal(knex, {
      recovery: { timeout: '1s' },
    });
    await portal.firstTurn();
    const order = scene.listGuids();
    const { length } = listGuids(await portal.readLog());
    expect(length).toBeLessThan(order.length);
    for (let turn = 0; turn < 10; turn++) {
      await portal.takeTurn();
    }
    expect(listGuids(await portal.readLog())).toEqual(order);
  });

  it('are stored once when two replicas take a turn at the same time', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    const recovery = { enabled: true };
    const portals = [
      await scene.startPortal(knex, { recovery }),
      await scene.startPortal(knex, { recovery }),
    ];
    await Promise.all(portals.map(portal => portal.firstTurn()));
    scene.door.leadTo(undefined);
    await scene.push(30);
    await Promise.all(portals.map(portal => portal.takeTurn()));
    await portals[0].takeTurn();

    const guids = listGuids(await portals[0].readLog());
    expect(new Set(guids)).toEqual(new Set(scene.listGuids()));
    expect(guids).toHaveLength(new Set(guids).size);
  });

  it('are stored once when the process dies between storing them and noting that', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(10);
    const first = await scene.startPortal(knex);
    await first.firstTurn();
    const guids = listGuids(await first.readLog());
    await first.stop();
    // What was noted last is forgotten, for some of them.
    await knex('callboard_github_recovery_deliveries')
      .whereIn('guid', guids.slice(0, 6))
      .update({ state: 'due' });

    const second = await scene.startPortal(knex);
    await second.firstTurn();
    expect(listGuids(await second.readLog())).toEqual(guids);
    expect(
      await knex('callboard_github_recovery_deliveries').where({
        state: 'due',
      }),
    ).toEqual([]);
  });

  it('are found in any number of pages, also when the reading is interrupted', async () => {
    const scene = await startScene();
    const knex = await databases.open(id);
    await scene.push(350);
    const { length } = scene.listGuids();
    let pages = 0;
    scene.server.faults.failRequests('bad gateway', {
      times: 3,
      matches: ({ path }) => {
        pages += path.endsWith('/app/hook/deliveries') ? 1 : 0;
        return pages > 2 && path.endsWith('/app/hook/deliveries');
      },
    });

    const portal = await scene.startPortal(knex);
    await portal.firstTurn();
    expect(listGuids(await portal.readLog())).toEqual([]);
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('could not be fetched; it is tried again'),
    );
    scene.server.resetRequestCounts();
    await portal.takeTurn();
    expect(listGuids(await portal.readLog())).toHaveLength(length);
    // Two pages were read before and the other two now. Then all four are read for what has come meanwhile, since all of
    // it was delivered within a minute.
    expect(scene.server.requestCounts.byKind['GET /app/hook/deliveries']).toBe(
      2 + 4,
    );
    expect(portal.listLines()).toContainEqual(
      expect.stringContaining('are fetched again'),
    );
  });

  it('are let be if GitHub does not have their payloads any more, and it is told', async () => {
    const gone = { id: '' };
    const scene = await startScene({
      intercept(request, response) {
        const isGone = request.url?.endsWith(`/deliveries/${gone.id}`) ?? false;
        if (isGone) {
          response
            .writeHead(404, { 'content-type': 'application/json' })
            .end('{"message":"Not Found"}');
        }
        return isGone;
      },
    });
    const knex = await databases.open(id);
    await scene.push(5);
    const [, second] = scene.server.deliveries.list();
    gone.id = String(second.id);

    const portal = await scene.startPortal(knex);
    await portal.firstTurn();
    const guids = listGuids(await portal.readLog());
    expect(guids).not.toContain(second.guid);
    expect(guids).toHaveLength(scene.listGuids().length - 1);
    // GitHub has listed it just now, and keeps it for three days.
    expect(portal.logger.warn).not.toHaveBeenCalledWith(
      expect.stringContaining('cannot be recovered'),
    );
    await knex('callboard_github_recovery_deliveries')
      .where({ guid: second.guid })
      .update({ delivered_at: Date.now() - 4 * 86_400_000 });
    await portal.takeTurn();
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringContaining(
        `Webhook ${second.guid} of the app ${scene.app.id} on ${scene.host} cannot be recovered: GitHub does not have its payload any more`,
      ),
    );
    expect(portal.listLines()).toContainEqual(
      expect.stringContaining('could not recover 1'),
    );
    portal.logger.warn.mockClear();
    await portal.takeTurn();
    expect(portal.logger.warn).not.toHaveBeenCalled();
  });
});

/** Has GitHub send a webhook again, as a person does. */
async function fetchAttempt(
  { server }: Awaited<ReturnType<typeof startScene>>,
  deliveryId: number,
) {
  // The route needs what an app signs; the sender itself does not.
  const delivery = server.deliveries
    .list()
    .find(each => each.id === deliveryId);
  if (!delivery) {
    throw new Error(`There is no delivery ${deliveryId}`);
  }
  const { url, headers } = delivery.request;
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: new Uint8Array(delivery.body),
  });
  expect(response.status).toBe(202);
}
