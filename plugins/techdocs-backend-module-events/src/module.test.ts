import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  coreServices,
  createBackendModule,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import {
  techdocsGeneratorExtensionPoint,
  techdocsPublisherExtensionPoint,
  Publisher,
  TechdocsGenerator,
} from '@backstage/plugin-techdocs-node';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import {
  describeEvent,
  durableEventsServiceRef,
} from '@callboard/backstage-plugin-events-node';
import { DocsSources } from './__testUtils__/DocsSources';
import { findMkdocs } from './__testUtils__/findMkdocs';
import { startTechDocs } from './__testUtils__/startTechDocs';
import { createCiHandler } from './ci';

jest.setTimeout(120_000);

const itBuilds = findMkdocs() ? it : it.skip;
const databases = createTestDatabases();
const stops: (() => Promise<void>)[] = [];
let sources: DocsSources;

beforeEach(async () => {
  sources = await DocsSources.create();
  await sources.addEntity('elsewhere', 'url:https://docs.test/nowhere');
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
  await sources.remove();
});

async function start(
  options: Partial<Parameters<typeof startTechDocs>[0]> = {},
) {
  const portal = await startTechDocs({
    sources,
    openDatabase: () => databases.open('SQLITE_FILE'),
    ...options,
  });
  stops.push(portal.stop);
  return portal;
}

describe('TechDocs with its module', () => {
  itBuilds('tells of a build from its start to its end', async () => {
    await sources.add('a', 'dir');
    const { received, sync } = await start();
    const before = new Date().toISOString();
    expect(await sync('a')).toBe('event: finish data: {"updated":true}');
    await access(
      join(sources.publishDirectory, 'default/component/a/index.html'),
    );
    await received.until(2);

    expect(received.steps).toEqual(['a: started', 'a: completed']);
    const [started, completed] = received.events;
    expect(completed.eventPayload.buildTimestamp).toBe(
      started.eventPayload.buildTimestamp,
    );
    expect(started.eventPayload.buildTimestamp >= before).toBe(true);
    expect(started.metadata.correlationId).toBeDefined();
    expect(completed.metadata.correlationId).toBe(
      started.metadata.correlationId,
    );
    expect(completed.metadata.source).toBe('techdocs');
    expect(received.events.map(event => describeEvent(event).key)).toEqual([
      'component:default/a',
      'component:default/a',
    ]);
    expect(received.misfits).toEqual([]);
  });

  itBuilds('tells of builds that fail, whichever step fails', async () => {
    await sources.add('a', 'dir', 'site_name: a\ntheme: no-such-theme\n');
    await sources.add('b', 'url', 'site_name: [');
    await sources.add('c', 'url');
    // The directory of the published pages of c cannot be made.
    await sources.write('published/default/component/c', 'a file');
    const { received, sync } = await start();
    for (const name of ['a', 'b', 'c', 'elsewhere']) {
      expect(await sync(name)).toMatch(/^event: error /);
    }
    await received.until(8);
    for (const name of ['a', 'b', 'c', 'elsewhere']) {
      expect(
        received.of(name).map(({ eventPayload }) => eventPayload.action),
      ).toEqual(['build_started', 'build_failed']);
    }
    expect(received.misfits).toEqual([]);
  });

  itBuilds('tells nothing where nothing has changed', async () => {
    await sources.add('a', 'url');
    await sources.add('b', 'url');
    const first = await start();
    expect(await first.sync('a')).toBe('event: finish data: {"updated":true}');
    // Within a minute of the first, TechDocs does not look at all.
    expect(await first.sync('a')).toBe('event: finish data: {"updated":false}');
    await first.received.until(2);

    // A portal that starts anew looks at once, and finds the pages of the first.
    const second = await start();
    expect(await second.sync('a')).toBe(
      'event: finish data: {"updated":false}',
    );
    expect(await second.sync('b')).toBe('event: finish data: {"updated":true}');
    await second.received.until(2);
    expect(first.received.steps).toEqual(['a: started', 'a: completed']);
    expect(second.received.steps).toEqual(['b: started', 'b: completed']);

    await sources.write('a/docs/index.md', '# changed');
    const third = await start();
    expect(await third.sync('a')).toBe('event: finish data: {"updated":true}');
    await third.received.until(2);
    expect(third.received.steps).toEqual(['a: started', 'a: completed']);
  });

  itBuilds.each([
    ['all parts', {}],
    ['generator and publisher', { preparers: false }],
  ])(
    'keeps builds apart that run at the same time (%s)',
    async (_, settings) => {
      const names = ['a', 'b', 'c'];
      for (const name of names) {
        await sources.add(name, 'url');
      }
      const { received, sync } = await start({ settings });
      await Promise.all(names.map(sync));
      await received.until(6);
      for (const name of names) {
        const own = received.of(name);
        expect(own.map(({ eventPayload }) => eventPayload.action)).toEqual([
          'build_started',
          'build_completed',
        ]);
        expect(own[1].metadata.correlationId).toBe(
          own[0].metadata.correlationId,
        );
      }
      expect(
        new Set(received.events.map(({ metadata }) => metadata.correlationId))
          .size,
      ).toBe(3);
    },
  );

  itBuilds('builds while the events system is away', async () => {
    await sources.add('a', 'url');
    let asked = 0;
    let release = () => {};
    const away = new Promise<void>(resolve => {
      release = resolve;
    });
    const { sync } = await start({
      features: [
        createServiceFactory({
          service: durableEventsServiceRef,
          deps: {},
          factory: () => ({
            publish: () => away,
            publishAll: () => {
              asked += 1;
              return away;
            },
            subscribe: async () => {},
          }),
        }),
      ],
    });
    expect(await sync('a')).toBe('event: finish data: {"updated":true}');
    expect(asked).toBe(1);
    release();
  });

  itBuilds('leaves alone what another module has taken', async () => {
    await sources.add('a', 'url');
    const published: string[] = [];
    const other = createBackendModule({
      pluginId: 'techdocs',
      moduleId: 'other',
      register: env =>
        env.registerInit({
          deps: {
            generator: techdocsGeneratorExtensionPoint,
            publisher: techdocsPublisherExtensionPoint,
            config: coreServices.rootConfig,
            discovery: coreServices.discovery,
            logger: coreServices.logger,
          },
          async init({ generator, publisher, config, discovery, logger }) {
            generator.setTechdocsGenerator(
              TechdocsGenerator.fromConfig(config, { logger }),
            );
            const stock = await Publisher.fromConfig(config, {
              discovery,
              logger,
            });
            const publish = stock.publish.bind(stock);
            publisher.registerPublisher(
              'local',
              Object.assign(stock, {
                publish: async (...args: Parameters<typeof publish>) => {
                  published.push(args[0].entity.metadata.name);
                  return publish(...args);
                },
              }),
            );
          },
        }),
    });
    await expect(start({ features: [other] })).rejects.toThrow(
      /already|only be set once/,
    );

    const { received, sync } = await start({
      features: [other],
      settings: { generator: false, publisher: false },
    });
    expect(await sync('a')).toBe('event: finish data: {"updated":true}');
    expect(published).toEqual(['a']);
    await received.until(1);
    expect(received.steps).toEqual(['a: started']);
  });
});

describe('a build that is made in CI', () => {
  it('is told as it was posted, once', async () => {
    const { received, post } = await start();
    const build = {
      entityRef: 'component:a',
      buildTimestamp: '2026-01-02T03:04:05Z',
    };
    const headers = { 'X-Entity-Ref': build.entityRef };
    expect(await post({ ...build, action: 'build_started' }, headers)).toBe(
      202,
    );
    await received.until(1);
    for (let times = 0; times < 2; times++) {
      expect(
        await post(build, { ...headers, 'X-Delivery': '1/1/component:a/x' }),
      ).toBe(202);
    }
    expect(await post({ entityRef: 'component:default/b' })).toBe(202);
    await received.until(3);

    expect(received.steps.sort()).toEqual([
      'a: completed',
      'a: started',
      'b: completed',
    ]);
    const [first, second] = received.of('a');
    expect(first.eventPayload.buildTimestamp).toBe('2026-01-02T03:04:05.000Z');
    expect(second.metadata.correlationId).toBe(first.metadata.correlationId);
    expect(first.metadata.source).toBe('http/techdocs.build');
    expect(received.misfits).toEqual([]);
  });

  it('is told once, though its handler runs again', async () => {
    const { events, received, post } = await start();
    const again = createCiHandler({
      events,
      logger: mockServices.logger.mock(),
    });
    const repeated = new Promise<void>((resolve, reject) => {
      events
        .subscribe({
          id: 'repeater',
          topics: ['techdocs.build'],
          onEvent: event => again(event).then(resolve, reject),
        })
        .then(() => post({ entityRef: 'component:default/a' }))
        .catch(reject);
    });
    await repeated;
    await received.until(1);
    expect(await post({ entityRef: 'component:default/b' })).toBe(202);
    await received.until(2);
    expect(received.steps).toEqual(['a: completed', 'b: completed']);
  });

  it('is not told without the token, nor when it does not fit', async () => {
    const { received, post } = await start();
    const body = { entityRef: 'component:default/forged' };
    expect(await post(body, { 'X-Token': 'wrong' })).toBe(403);
    const headers = { 'X-Entity-Ref': 'a' };
    expect(await post({ entityRef: 'no kind' }, headers)).toBe(202);
    expect(await post(['no build'], headers)).toBe(202);
    expect(await post({ entityRef: 'component:default/a' }, headers)).toBe(202);
    await received.until(1);
    expect(received.steps).toEqual(['a: completed']);
  });

  it('is not taken when it is switched off', async () => {
    const topics: unknown[] = [];
    await start({
      settings: { ci: { enabled: false } },
      features: [
        createServiceFactory({
          service: durableEventsServiceRef,
          deps: {},
          factory: () => ({
            publish: async () => {},
            publishAll: async () => {},
            subscribe: async options => {
              topics.push(...options.topics);
            },
          }),
        }),
      ],
    });
    expect(topics).toEqual(['techdocs']);
  });
});
