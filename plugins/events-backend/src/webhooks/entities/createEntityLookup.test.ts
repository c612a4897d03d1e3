import {
  coreServices,
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import catalogBackend from '@backstage/plugin-catalog-backend';
import {
  catalogProcessingExtensionPoint,
  catalogServiceRef,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import { CatalogAwayError } from './CatalogAwayError';
import {
  createEntityLookup,
  type EntityLookup,
  type EntityLookupOptions,
} from './createEntityLookup';

const toRef = (name: string) => `component:default/${name}`;

function makeEntity(name: string, owner = 'team-a'): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name, namespace: 'default' },
    spec: { type: 'service', lifecycle: 'production', owner },
  };
}

/** A lookup in a catalog that knows some entities, and what the catalog was asked. */
function setUp(
  options: Partial<EntityLookupOptions> & { entities?: Entity[] } = {},
) {
  const inMemory = catalogServiceMock({
    entities: options.entities ?? ['a', 'b', 'c'].map(name => makeEntity(name)),
  });
  const requests: string[][] = [];
  const catalog = catalogServiceMock.mock({
    getEntitiesByRefs: async request => {
      requests.push(request.entityRefs);
      return inMemory.getEntitiesByRefs(request);
    },
  });
  const logger = mockServices.logger.mock();
  const time = { nowMs: 0 };
  const lookup = createEntityLookup({
    catalog,
    credentials: async () => mockCredentials.service(),
    logger,
    clock: () => time.nowMs,
    ...options,
  });
  return { lookup, catalog, requests, logger, time };
}

async function ownersOf(lookup: EntityLookup, ...names: string[]) {
  const found = await lookup(names.map(toRef));
  return names.map(name => found.get(toRef(name))?.owner);
}

const owner = 'group:default/team-a';

describe('a lookup of entities', () => {
  it('asks for all that it does not know at once', async () => {
    const { lookup, requests } = setUp();
    await expect(ownersOf(lookup, 'a', 'b', 'a', 'x')).resolves.toEqual([
      owner,
      owner,
      owner,
      undefined,
    ]);
    await ownersOf(lookup, 'a', 'c');
    expect(requests).toEqual([
      [toRef('a'), toRef('b'), toRef('x')],
      [toRef('c')],
    ]);
    await expect(lookup([])).resolves.toEqual(new Map());
  });

  it('believes an answer for ten seconds, and that an entity is unknown for one', async () => {
    const { lookup, requests, time } = setUp();
    await ownersOf(lookup, 'a', 'x');
    time.nowMs = 999;
    await ownersOf(lookup, 'a', 'x');
    expect(requests).toHaveLength(1);
    time.nowMs = 1_000;
    await ownersOf(lookup, 'a', 'x');
    expect(requests.at(-1)).toEqual([toRef('x')]);
    time.nowMs = 9_999;
    await ownersOf(lookup, 'a');
    expect(requests).toHaveLength(2);
    time.nowMs = 10_000;
    await ownersOf(lookup, 'a');
    expect(requests.at(-1)).toEqual([toRef('a')]);
  });

  it('believes an answer as long as it is told to', async () => {
    const { lookup, requests, time } = setUp({ maxAgeMs: 50 });
    await ownersOf(lookup, 'a', 'x');
    time.nowMs = 50;
    await ownersOf(lookup, 'a', 'x');
    expect(requests).toHaveLength(2);
  });

  it('asks for no entity twice at a time', async () => {
    const { lookup, requests } = setUp();
    const both = [ownersOf(lookup, 'a', 'b'), ownersOf(lookup, 'b', 'c')];
    await expect(Promise.all(both)).resolves.toEqual([
      [owner, owner],
      [owner, owner],
    ]);
    expect(requests).toEqual([[toRef('a'), toRef('b')], [toRef('c')]]);
  });

  it('keeps a bounded number of answers, the latest ones', async () => {
    const { lookup, requests } = setUp({ maxEntries: 2 });
    await expect(ownersOf(lookup, 'a', 'b', 'c')).resolves.toEqual([
      owner,
      owner,
      owner,
    ]);
    await ownersOf(lookup, 'b', 'c');
    expect(requests).toHaveLength(1);
    await ownersOf(lookup, 'a');
    expect(requests).toHaveLength(2);
  });

  it('asks for so many in one request as the catalog accepts', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `e${index}`);
    const { lookup, requests } = setUp({
      entities: names.map(name => makeEntity(name, name)),
    });
    await expect(ownersOf(lookup, ...names)).resolves.toEqual(
      names.map(name => `group:default/${name}`),
    );
    expect(requests.map(refs => refs.length)).toEqual([100, 100, 50]);
  });

  it('throws while the catalog is away, says so once, and asks again', async () => {
    const { lookup, catalog, logger } = setUp();
    catalog.getEntitiesByRefs.mockRejectedValueOnce(new Error('refused'));
    catalog.getEntitiesByRefs.mockRejectedValueOnce(new Error('refused'));
    const attempts = [lookup([toRef('a')]), lookup([toRef('a'), toRef('b')])];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toThrow(CatalogAwayError);
      await expect(attempt).rejects.toThrow(
        'see that the plugin catalog runs and lets the plugin events read its entities; caused by Error: refused',
      );
    }
    expect(logger.warn).toHaveBeenCalledTimes(1);
    await expect(ownersOf(lookup, 'a', 'b')).resolves.toEqual([owner, owner]);
    expect(logger.info).toHaveBeenCalledWith('The catalog answers again');
  });

  it('takes a catalog that does not answer in time for one that is away', async () => {
    const { lookup, catalog } = setUp({ timeLimitMs: 1 });
    catalog.getEntitiesByRefs.mockReturnValueOnce(new Promise(() => {}));
    await expect(ownersOf(lookup, 'a')).rejects.toThrow('No answer in 1 ms');
  });

  it('takes a catalog for which it gets no credentials for one that is away', async () => {
    const { lookup } = setUp({
      credentials: async () => {
        throw new Error('no keys');
      },
    });
    await expect(ownersOf(lookup, 'a')).rejects.toThrow(CatalogAwayError);
  });

  it('finds owner and system in the stock catalog', async () => {
    const { lookup, provide, stop } = await startCatalog();
    const annotations = {
      'backstage.io/managed-by-location': 'url:http://localhost/test',
      'backstage.io/managed-by-origin-location': 'url:http://localhost/test',
      'example.com/tier': 'gold',
    };
    await provide({
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: { name: 'My-Service', annotations, tags: ['java'] },
      spec: {
        type: 'service',
        lifecycle: 'production',
        owner: 'Team-A',
        system: 'shop',
      },
    });
    const ref = toRef('my-service');
    let found = await lookup([ref]);
    while (!found.get(ref)) {
      await new Promise(resolve => setTimeout(resolve, 20));
      found = await lookup([ref, toRef('unknown')]);
    }
    expect(found.get(ref)).toEqual({
      ref,
      kind: 'Component',
      namespace: 'default',
      name: 'My-Service',
      owner,
      owners: [owner],
      system: 'system:default/shop',
      type: 'service',
      lifecycle: 'production',
      tags: ['java'],
      labels: {},
      annotations: expect.objectContaining(annotations),
    });
    expect(found.get(toRef('unknown'))).toBeUndefined();
    await stop();
  }, 60_000);
});

/** A real backend with the stock catalog, asked by a plugin over HTTP. */
async function startCatalog() {
  let resolveConnection: (
    connection: EntityProviderConnection,
  ) => void = () => {};
  const connected = new Promise<EntityProviderConnection>(resolve => {
    resolveConnection = resolve;
  });
  let resolveLookup: (lookup: EntityLookup) => void = () => {};
  const lookup = new Promise<EntityLookup>(resolve => {
    resolveLookup = resolve;
  });
  const backend = await startTestBackend({
    features: [
      catalogBackend,
      mockServices.rootConfig.factory({
        data: { catalog: { locations: [] } },
      }),
      createBackendModule({
        pluginId: 'catalog',
        moduleId: 'test-provider',
        register: env =>
          env.registerInit({
            deps: { catalog: catalogProcessingExtensionPoint },
            init: async ({ catalog }) =>
              catalog.addEntityProvider({
                getProviderName: () => 'test',
                connect: async connection => resolveConnection(connection),
              }),
          }),
      }),
      createBackendPlugin({
        pluginId: 'asker',
        register: env =>
          env.registerInit({
            deps: {
              auth: coreServices.auth,
              catalog: catalogServiceRef,
              logger: coreServices.logger,
            },
            init: async ({ auth, catalog, logger }) =>
              resolveLookup(
                createEntityLookup({
                  catalog,
                  credentials: () => auth.getOwnServiceCredentials(),
                  logger,
                  maxAgeMs: 0,
                }),
              ),
          }),
      }),
    ],
  });
  return {
    lookup: await lookup,
    provide: async (entity: Entity) =>
      (await connected).applyMutation({
        type: 'full',
        entities: [{ entity, locationKey: 'test' }],
      }),
    stop: () => backend.stop(),
  };
}
