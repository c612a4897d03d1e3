import { createNoopMeter, metrics, type Attributes } from '@opentelemetry/api';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { answerJson } from './__testUtils__/openDoor';
import { endScenes, listGuids, startScene } from './__testUtils__/startScene';

jest.setTimeout(60_000);

const databases = createTestDatabases();

afterEach(endScenes);

describe('what is not wanted, or cannot be', () => {
  it.each([
    ['nothing is said', undefined],
    ['it is wanted', { enabled: true }],
  ])(
    'is off without an app, which is said once, when %s',
    async (_, recovery) => {
      const scene = await startScene();
      const { host, apiBaseUrl } = scene.integration;
      const portal = await scene.startPortal(
        await databases.open('SQLITE_FILE'),
        {
          integrations: [{ host, apiBaseUrl, token: 'personal' }],
          recovery,
        },
      );

      expect(portal.task).toBeUndefined();
      expect(
        portal.listLines().filter(line => /did not arrive/.test(line)),
      ).toEqual([
        'Webhooks of GitHub that did not arrive are not fetched later: there is neither an app in integrations.github[].apps nor a webhook in events.modules.github.recovery.hooks to ask GitHub about',
      ]);
      await scene.push(1);
      expect(listGuids(await portal.readLog())).toHaveLength(1);
    },
  );

  it('is off when the configuration says so', async () => {
    const scene = await startScene();
    const portal = await scene.startPortal(
      await databases.open('SQLITE_FILE'),
      { recovery: { enabled: false } },
    );

    expect(portal.task).toBeUndefined();
    expect(
      portal.listLines().filter(line => /did not arrive/.test(line)),
    ).toEqual([]);
  });

  it('is told when the app has no webhook, once', async () => {
    const scene = await startScene({ hasAppHook: false });
    const portal = await scene.startPortal(await databases.open('SQLITE_FILE'));
    await portal.firstTurn();
    await portal.takeTurn();

    expect(portal.listLines().filter(line => /arrive/.test(line))).toEqual([
      `There are no webhooks of the app ${scene.app.id} on ${scene.host} that might not have arrived: it has no webhook`,
    ]);
  });
});

describe.each(databases.ids)('trouble with GitHub, on %s', id => {
  it.each(['bad gateway', 'not found', 'cut'] as const)(
    'is told once, and is over when it is (%s)',
    async failure => {
      const scene = await startScene();
      await scene.push(3);
      scene.server.faults.failRequests(failure, {
        times: 1_000,
        matches: ({ path }) => path.includes('/deliveries'),
      });
      const portal = await scene.startPortal(await databases.open(id));
      await portal.firstTurn();
      await portal.takeTurn();
      expect(
        portal.logger.warn.mock.calls.filter(([line]) =>
          line.includes('could not be fetched'),
        ),
      ).toHaveLength(1);
      expect(portal.logger.error).not.toHaveBeenCalled();
      await scene.push(1);
      expect(listGuids(await portal.readLog())).toHaveLength(1);

      scene.server.faults.clear();
      await portal.takeTurn();
      expect(new Set(listGuids(await portal.readLog()))).toEqual(
        new Set(scene.listGuids()),
      );
    },
  );

  it('that is a rate limit ends the turn, tells until when, and asks nothing before', async () => {
    const scene = await startScene();
    await scene.push(20);
    const portal = await scene.startPortal(await databases.open(id), {
      recovery: { maxDeliveries: 8 },
    });
    await portal.firstTurn();
    expect(listGuids(await portal.readLog())).toHaveLength(8);
    scene.server.faults.limitSecondary(1, 3_600);
    await portal.takeTurn();
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        /that did not arrive are not fetched before 20\d\d-.*Z: GithubError: The secondary rate limit/,
      ),
    );
    scene.server.resetRequestCounts();
    await portal.takeTurn();
    expect(scene.server.requestCounts.requests).toBe(0);
    await portal.stop();

    // Another process does not know the limit, and goes on.
    const next = await scene.startPortal(portal.knex);
    await next.firstTurn();
    expect(listGuids(await next.readLog())).toEqual(scene.listGuids());
  });

  it.each([400, 403, 404, 422, 451, 500])(
    'with one delivery (%d) does not keep the others, and ends after five attempts',
    async status => {
      const broken = { id: '' };
      const scene = await startScene({
        intercept: (request, response) =>
          request.url?.endsWith(`/deliveries/${broken.id}`)
            ? answerJson(response, { message: 'It is not well' }, status)
            : false,
      });
      await scene.push(6);
      const [guid] = scene.listGuids();
      broken.id = String(
        scene.server.deliveries.list().find(each => each.guid === guid)?.id,
      );
      const portal = await scene.startPortal(await databases.open(id));
      await portal.firstTurn();
      expect(listGuids(await portal.readLog())).toEqual(
        scene.listGuids().slice(1),
      );

      for (let turn = 1; turn < 5; turn++) {
        expect(portal.logger.warn).not.toHaveBeenCalledWith(
          expect.stringContaining('cannot be recovered'),
        );
        await portal.knex('callboard_github_recovery_deliveries').update({
          attempted_at: Date.now() - 3_600_000,
        });
        await portal.takeTurn();
      }
      expect(portal.logger.warn).toHaveBeenCalledWith(
        expect.stringContaining(
          `Webhook ${guid} of the app ${scene.app.id} on ${
            scene.host
          } cannot be recovered: GitHub does not ${
            status === 404 ? 'have its payload any more' : 'give it'
          }`,
        ),
      );
      portal.logger.warn.mockClear();
      await portal.takeTurn();
      expect(portal.logger.warn).not.toHaveBeenCalled();
    },
  );

  it('with many that it has listed and does not know keeps no others, and stops no turn', async () => {
    const absent = new Set<string>();
    let asked = 0;
    const scene = await startScene({
      intercept(request, response) {
        if (!absent.has(request.url?.split('/').at(-1) ?? '')) {
          return false;
        }
        asked += 1;
        return answerJson(response, { message: 'Not Found' }, 404);
      },
    });
    await scene.push(10);
    const guids = scene.listGuids();
    const missing = guids.slice(0, 9);
    for (const { guid, id: deliveryId } of scene.server.deliveries.list()) {
      if (missing.includes(guid)) {
        absent.add(String(deliveryId));
      }
    }
    const portal = await scene.startPortal(await databases.open(id));
    await portal.firstTurn();
    expect(listGuids(await portal.readLog())).toEqual(guids.slice(9));
    // Then they are asked for in vain, a few in each turn.
    expect(asked).toBe(9);
    await portal.takeTurn();
    expect(asked).toBe(9 + 4);
    expect(portal.logger.warn).not.toHaveBeenCalledWith(
      expect.stringContaining('could not be fetched'),
    );
    absent.clear();
    await portal.takeTurn();
    expect(new Set(listGuids(await portal.readLog()))).toEqual(new Set(guids));
  });

  it('gives nothing up within an hour, however many turns and starts there are', async () => {
    const failing = { status: 500 };
    const scene = await startScene({
      intercept: (request, response) =>
        failing.status !== 0 && /deliveries\/\d+$/.test(request.url ?? '')
          ? answerJson(response, {}, failing.status)
          : false,
    });
    await scene.push(1);
    const knex = await databases.open(id);
    const tell = expect.stringContaining('cannot be recovered');
    for (let start = 0; start < 3; start++) {
      const portal = await scene.startPortal(knex);
      await portal.firstTurn();
      await portal.takeTurn();
      expect(portal.logger.warn).not.toHaveBeenCalledWith(tell);
      await portal.stop();
    }

    failing.status = 0;
    const portal = await scene.startPortal(knex);
    await portal.firstTurn();
    expect(new Set(listGuids(await portal.readLog()))).toEqual(
      new Set(scene.listGuids()),
    );
  });

  it('with the credentials gives nothing up', async () => {
    const failing = { status: 401 };
    const scene = await startScene({
      intercept: (request, response) =>
        failing.status !== 0 && /deliveries\/\d+$/.test(request.url ?? '')
          ? answerJson(response, {}, failing.status)
          : false,
    });
    await scene.push(2);
    const portal = await scene.startPortal(await databases.open(id));
    await portal.firstTurn();
    for (let turn = 1; turn < 6; turn++) {
      await portal.takeTurn();
    }
    expect(listGuids(await portal.readLog())).toEqual([]);

    failing.status = 0;
    await portal.takeTurn();
    expect(listGuids(await portal.readLog())).toEqual(scene.listGuids());
  });

  it('is not made by it: a part of the limit is left to the tokens of the app', async () => {
    const scene = await startScene({ rateLimits: { core: 1_010 } });
    await scene.push(20);
    const portal = await scene.startPortal(await databases.open(id));
    await portal.firstTurn();

    const { length } = listGuids(await portal.readLog());
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(20);
    expect(scene.server.requestCounts.requests).toBeLessThanOrEqual(10 + 4);
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('but for a reserve of 1000'),
    );
  });

  it('does not stop the portal', async () => {
    const scene = await startScene();
    await scene.push(3);
    scene.server.faults.failRequests('timeout', {
      times: 10,
      matches: ({ path }) => path.includes('/deliveries'),
    });
    const portal = await scene.startPortal(await databases.open(id));
    await portal.stop();
    await portal.firstTurn();
    expect(portal.logger.error).not.toHaveBeenCalled();
  });
});

describe.each(databases.ids)('webhooks of others than apps, on %s', id => {
  it('are recovered for organizations and repositories, with what Backstage has for their owner', async () => {
    const scene = await startScene({ hasAppHook: false });
    const { model, url } = scene;
    model.addHook('acme', {
      url: 'https://elsewhere.example.com',
      secret: 'x',
    });
    model.addHook('acme', { url, secret: 'It is a secret to everybody' });
    model.repositories.create({ owner: 'acme', name: 'docs' });
    const named = model.addHook('acme/docs', {
      url,
      secret: 'It is a secret to everybody',
    });
    await scene.server.settleWebhooks();
    await scene.push(3);
    await scene.push(2, 'acme/docs');
    const wanted = scene.server.deliveries
      .list()
      .filter(({ request }) => request.url === url)
      .map(({ guid }) => guid);
    // Pushes to the second repository come twice, by two webhooks.
    expect(new Set(wanted).size).toBeGreaterThanOrEqual(3 + 2 * 2);

    const portal = await scene.startPortal(await databases.open(id), {
      integrations: [{ ...scene.integration }],
      recovery: {
        hooks: [
          { organization: 'acme' },
          { repository: 'acme/docs', hookId: named.id },
        ],
      },
    });
    await portal.firstTurn();
    expect(new Set(listGuids(await portal.readLog()))).toEqual(new Set(wanted));
  });

  it('are told to be missing where there are none', async () => {
    const scene = await startScene();
    const portal = await scene.startPortal(await databases.open(id), {
      recovery: { hooks: [{ organization: 'acme' }] },
    });
    await portal.firstTurn();

    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('the organization acme on 127.0.0.1:'),
    );
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('events.modules.github.recovery.hooks[].hookId'),
    );
    // The app is recovered all the same.
    expect(listGuids(await portal.readLog())).toEqual(scene.listGuids());
  });
});

describe('where webhooks go', () => {
  it('is looked at: those that go elsewhere are let be, and it is told', async () => {
    const scene = await startScene({
      intercept: (request, response) =>
        request.url?.endsWith('/app/hook/config')
          ? answerJson(response, {
              url: 'https://somebody:hunter2@smee.io/abc?token=hunter2',
            })
          : false,
    });
    await scene.push(2);
    const knex = await databases.open('SQLITE_FILE');
    const portal = await scene.startPortal(knex);
    await portal.firstTurn();
    await portal.takeTurn();

    expect(listGuids(await portal.readLog())).toEqual([]);
    expect(portal.listLines().filter(line => /arrive/.test(line))).toEqual([
      `Webhooks of the app ${scene.app.id} on ${scene.host} that did not arrive are not fetched: they go to https://smee.io/…, which is no ingress of this portal: that is …/api/events/http/github at the host of backend.baseUrl. If it leads here, set events.modules.github.recovery.url to the whole URL of the webhook`,
    ]);
    const { debug, info, warn, error } = portal.logger;
    expect(
      JSON.stringify([debug, info, warn, error].map(({ mock }) => mock.calls)),
    ).not.toContain('hunter2');
  });

  it.each([
    ['on the machine of a developer', 'http://localhost:7007'],
    ['elsewhere', 'https://staging.example.com'],
  ])(
    'may be another portal with the same app: one %s asks for nothing, and tells it once',
    async (_, baseUrl) => {
      const scene = await startScene();
      await scene.push(2);
      const knex = await databases.open('SQLITE_FILE');
      const portal = await scene.startPortal(knex, { baseUrl });
      await portal.firstTurn();
      await portal.takeTurn();

      expect(listGuids(await portal.readLog())).toEqual([]);
      expect(
        scene.server.requestCounts.byKind['GET /app/hook/deliveries'],
      ).toBeUndefined();
      expect(portal.listLines().filter(line => /arrive/.test(line))).toEqual([
        expect.stringMatching(
          /are not fetched: they go to .*, set events.modules.github.recovery.url to the whole URL of the webhook$/,
        ),
      ]);
      await portal.stop();

      const told = await scene.startPortal(knex, {
        baseUrl,
        recovery: { url: scene.url },
      });
      await told.firstTurn();
      expect(listGuids(await told.readLog())).toEqual(scene.listGuids());
    },
  );

  it('may be another URL outside, which the configuration says', async () => {
    const scene = await startScene({
      intercept: (request, response) =>
        request.url?.endsWith('/app/hook/config')
          ? answerJson(response, {}, 403)
          : false,
    });
    await scene.push(2);
    const portal = await scene.startPortal(
      await databases.open('SQLITE_FILE'),
      { recovery: { url: scene.url } },
    );
    await portal.firstTurn();
    expect(listGuids(await portal.readLog())).toEqual(scene.listGuids());
  });

  it('counts for each delivery: what went to an earlier URL is let be, and it is told once how many', async () => {
    const scene = await startScene();
    await scene.push(1);
    const meant = scene.listGuids();
    scene.moveHook(`${scene.url}-misspelled`);
    await scene.push(3);
    scene.moveHook(scene.url);
    const { length } = scene.listGuids().slice(meant.length);
    expect(length).toBeGreaterThanOrEqual(3);
    const portal = await scene.startPortal(await databases.open('SQLITE_FILE'));
    await portal.firstTurn();

    expect(listGuids(await portal.readLog())).toEqual(meant);
    const warnings = portal.logger.warn.mock.calls.map(([line]) => line);
    expect(warnings.filter(line => line.includes('webhooks of'))).toEqual([
      `${length} webhooks of the app ${scene.app.id} on ${scene.host} were sent to another URL than the webhook has now, so they are not taken in: they may be somebody else's. If they were meant for this portal, redeliver them at GitHub, where the recent deliveries of the webhook have them for three days`,
    ]);
    expect(portal.listLines()).toContainEqual(
      expect.stringContaining(
        `could not recover ${length} (it was sent to another URL)`,
      ),
    );
    portal.logger.warn.mockClear();
    await portal.takeTurn();
    expect(portal.logger.warn).not.toHaveBeenCalled();
  });

  it('may have been another URL of the same ingress', async () => {
    const scene = await startScene();
    scene.moveHook(`${scene.url}/?from=github`);
    await scene.push(3);
    scene.moveHook(scene.url);
    await scene.push(1);
    const portal = await scene.startPortal(await databases.open('SQLITE_FILE'));
    await portal.firstTurn();

    expect(listGuids(await portal.readLog())).toEqual(scene.listGuids());
  });
});

describe('what the events system refuses', () => {
  it('is told, and does not keep the others out', async () => {
    const large = { id: '' };
    const scene = await startScene({
      intercept: (request, response) =>
        request.url?.endsWith(`/deliveries/${large.id}`)
          ? answerJson(response, {
              event: 'push',
              url: scene.url,
              request: {
                headers: { 'X-GitHub-Event': 'push' },
                payload: { text: 'x'.repeat(30 * 1024 * 1024) },
              },
            })
          : false,
    });
    await scene.push(4);
    const guids = scene.listGuids();
    const [, guid] = guids;
    large.id = String(
      scene.server.deliveries.list().find(each => each.guid === guid)?.id,
    );
    const portal = await scene.startPortal(
      await databases.open('SQLITE_FILE'),
      { maxPayloadBytes: 26 * 1024 * 1024 },
    );
    await portal.firstTurn();

    expect(listGuids(await portal.readLog())).toEqual(
      guids.filter(each => each !== guid),
    );
    expect(portal.logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        new RegExp(
          `Webhook ${guid} .* the events system refuses it: InputError: .*maxPayloadBytes`,
        ),
      ),
    );
  });
});

describe('metrics', () => {
  const counts: { name: string; attributes: Attributes | undefined }[] = [];

  beforeAll(() => {
    const meter = Object.assign(createNoopMeter(), {
      createCounter: (name: string) => ({
        add: (_: number, attributes?: Attributes) =>
          counts.push({ name, attributes }),
      }),
    });
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
  });

  afterAll(() => metrics.disable());

  it('count what was recovered, what could not be, and turns that stopped', async () => {
    const odd = { id: '' };
    const scene = await startScene({
      intercept: (request, response) =>
        request.url?.endsWith(`/deliveries/${odd.id}`)
          ? answerJson(response, {}, 200)
          : false,
    });
    await scene.push(3);
    const { length } = scene.listGuids();
    odd.id = String(scene.server.deliveries.list()[0].id);
    scene.moveHook(`${scene.url}-misspelled`);
    await scene.push(1);
    scene.moveHook(scene.url);
    const portal = await scene.startPortal(await databases.open('SQLITE_FILE'));
    await portal.firstTurn();
    scene.server.faults.startOutage();
    await portal.takeTurn();

    const count = (wanted: string) =>
      counts
        .filter(({ name }) => name === wanted)
        .map(({ attributes }) => attributes);
    expect(count('callboard.github.recovered')).toEqual(
      Array(length - 1).fill({ reason: 'failed' }),
    );
    expect(count('callboard.github.recovery.failures')).toEqual([
      { what: 'delivery', reason: 'malformed' },
      { what: 'delivery', reason: 'elsewhere' },
      { what: 'turn', reason: 'unavailable' },
    ]);
  });
});
