import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockCredentials } from '@backstage/backend-test-utils';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { describeEvent } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import {
  startCatalog,
  type PortalDatabases,
} from './__testUtils__/startCatalog';
import { makeEntity } from './__testUtils__/TestProvider';

jest.setTimeout(60_000);

const databases = createTestDatabases();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

async function open(id: TestDatabaseId): Promise<PortalDatabases> {
  return {
    catalog: await databases.open(id),
    events: await databases.open(id),
  };
}

async function start(options: Parameters<typeof startCatalog>[0]) {
  const catalog = await startCatalog(options);
  stops.push(catalog.stop);
  return catalog;
}

type Catalog = Awaited<ReturnType<typeof start>>;

async function ask(
  { url }: Catalog,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) {
  const response = await fetch(`${url}/${path}`, {
    method,
    headers: {
      Authorization: mockCredentials.service.header(),
      'Content-Type': 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  }
  return response.headers.get('content-type')?.includes('json')
    ? JSON.parse(text)
    : text;
}

/** What the catalog serves, by reference. */
async function served(catalog: Catalog): Promise<Map<string, Entity>> {
  const entities: Entity[] = await ask(catalog, 'GET', 'catalog/entities');
  return new Map(
    entities
      .map((entity): [string, Entity] => [stringifyEntityRef(entity), entity])
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `service-${index}`);

/** The contract of the events system is an entity too. */
const contractRef = 'api:default/backstage-events';

/** Waits until a consumer of events has so many entities besides the contract. */
const untilCount = ({ replica }: Catalog, count: number) =>
  replica.until(
    () =>
      replica.list().has(contractRef) && replica.entities.size === count + 1,
  );

/** A repository that serves one file, under whatever name. */
async function serve(text: string) {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    close: () => new Promise(resolve => server.close(resolve)),
  };
}

/** Everything that a database is made of, apart from rows. */
async function describeSchema(knex: Knex): Promise<unknown> {
  if (knex.client.config.client !== 'pg') {
    return knex('sqlite_master').orderBy('name').select('type', 'name', 'sql');
  }
  const { rows } = await knex.raw(
    `SELECT 'relation' AS what, relname AS name, relkind::text AS more FROM pg_class
       WHERE relnamespace = current_schema()::regnamespace
     UNION ALL SELECT 'function', proname, prosrc FROM pg_proc
       WHERE pronamespace = current_schema()::regnamespace
     UNION ALL SELECT 'trigger', tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL SELECT 'column', table_name || '.' || column_name, data_type FROM information_schema.columns
       WHERE table_schema = current_schema()
     ORDER BY 1, 2, 3`,
  );
  return rows;
}

describe.each(databases.ids)('the catalog with its module on %s', id => {
  it('tells what was created, updated and deleted, and a consumer of it has what the catalog has', async () => {
    const catalog = await start({ databases: await open(id) });
    const { provider, replica } = catalog;
    await provider.replaceAll(names(5).map(name => makeEntity(name)));
    await untilCount(catalog, 5);

    await provider.change([
      makeEntity('service-0', { metadata: { description: 'new' } }),
    ]);
    await replica.until(() =>
      replica.changes.some(
        ({ entity }) => entity.metadata.description === 'new',
      ),
    );
    expect(replica.changes.at(-1)).toMatchObject({
      action: 'updated',
      changedPaths: expect.arrayContaining(['/metadata/description']),
    });

    await provider.change([], [makeEntity('service-1')]);
    await untilCount(catalog, 4);
    expect(replica.changes.at(-1)).toMatchObject({
      action: 'deleted',
      entity: { kind: 'Component', metadata: { name: 'service-1' } },
    });
    expect(Object.fromEntries(replica.list())).toEqual(
      Object.fromEntries(await served(catalog)),
    );
    expect(replica.problems).toEqual([]);
  });

  it('tells of a re-registered entity as deleted and created, and keeps the order of each entity', async () => {
    const catalog = await start({ databases: await open(id) });
    const { provider, replica } = catalog;
    await provider.replaceAll([makeEntity('a')]);
    await untilCount(catalog, 1);
    await provider.replaceAll([]);
    await untilCount(catalog, 0);
    await provider.replaceAll([makeEntity('a')]);
    await untilCount(catalog, 1);
    const ofA = replica.changes.filter(
      ({ entity, action }) =>
        entity.metadata.name === 'a' && action !== 'updated',
    );
    expect(ofA.map(({ action }) => action)).toEqual([
      'created',
      'deleted',
      'created',
    ]);
    expect(ofA[2].entity.metadata.uid).not.toBe(ofA[0].entity.metadata.uid);
    expect(
      new Set(
        replica.events
          .filter(({ eventPayload }) =>
            JSON.stringify(eventPayload).includes('"name":"a"'),
          )
          .map(event => describeEvent(event).key),
      ),
    ).toEqual(new Set(['component:default/a']));
  });

  it('tells of what goes with its location, and of the location itself', async () => {
    const repository = await serve(
      names(3)
        .map(name => JSON.stringify(makeEntity(name)))
        .join('\n---\n'),
    );
    try {
      const catalog = await start({
        databases: await open(id),
        config: {
          backend: { reading: { allow: [{ host: repository.host }] } },
        },
      });
      const { replica } = catalog;
      const target = `http://${repository.host}/catalog-info.yaml`;
      const {
        location: { id: locationId },
      } = await ask(catalog, 'POST', 'catalog/locations', {
        type: 'url',
        target,
      });
      // And the entity that stands for the location.
      await untilCount(catalog, 4);
      await ask(catalog, 'DELETE', `catalog/locations/${locationId}`);
      await untilCount(catalog, 0);
      const location = { id: locationId, type: 'url', target };
      await replica.until(() => replica.locations.length === 2);
      expect(replica.locations).toEqual([
        { action: 'added', location },
        { action: 'removed', location },
      ]);

      const deleted = replica.events.filter(event =>
        JSON.stringify(event.eventPayload).includes('"action":"deleted"'),
      );
      const correlations = deleted.map(event => event.metadata?.correlationId);
      if (id === 'POSTGRES_15') {
        // What one transaction deleted has one cause.
        expect(correlations[0]).toBeDefined();
        expect(new Set(correlations.slice(0, 4)).size).toBe(1);
      } else {
        expect(correlations[0]).toBeUndefined();
      }
      expect(replica.problems).toEqual([]);
    } finally {
      await repository.close();
    }
  });

  it('says nothing of what was there before, unless a snapshot is asked for', async () => {
    const opened = await open(id);
    const before = await start({ databases: opened, module: false });
    await before.provider.replaceAll(names(3).map(name => makeEntity(name)));
    while ((await served(before)).size < 3) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await stops.pop()?.();

    const catalog = await start({ databases: opened });
    const { replica, provider } = catalog;
    await untilCount(catalog, 0);
    expect(replica.changes).toHaveLength(1);

    await ask(catalog, 'POST', 'catalog/events/snapshots');
    await provider.change([makeEntity('service-3')]);
    await untilCount(catalog, 4);
    expect(Object.fromEntries(replica.list())).toEqual(
      Object.fromEntries(await served(catalog)),
    );
  });

  it('takes a snapshot when it is installed, if it is told so', async () => {
    const opened = await open(id);
    const before = await start({ databases: opened, module: false });
    await before.provider.replaceAll([makeEntity('a')]);
    while ((await served(before)).size < 1) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await stops.pop()?.();
    const config = { catalog: { events: { onInstall: 'snapshot' } } };
    const catalog = await start({ databases: opened, config });
    await untilCount(catalog, 1);
    expect(catalog.replica.problems).toEqual([]);
    await stops.pop()?.();

    // As if the process had died before the snapshot was written.
    await opened
      .catalog('callboard_catalog_emitter')
      .update({ snapshot_from: '' });
    const second = await start({ databases: opened, config });
    await untilCount(second, 1);
    await stops.pop()?.();
  });

  it('says so when the tables of the catalog are not as it knows them, and lets it run', async () => {
    const opened = await open(id);
    await start({ databases: opened, module: false });
    await stops.pop()?.();
    await opened.catalog.schema.alterTable('final_entities', table => {
      table.renameColumn('final_entity', 'entity');
    });
    const catalog = await start({ databases: opened });
    expect(catalog.logger.error).toHaveBeenCalledWith(
      'The catalog does not have the columns that are read (final_entities.final_entity, locations.id, locations.type, locations.target): this version of it is not known to the module, which knows version 4.0; see the README of the module. Subscribers are not told of changes of the catalog',
    );
    await expect(ask(catalog, 'GET', 'catalog/locations')).resolves.toEqual([]);
  });

  it('tells of those entities only that the configuration names', async () => {
    const catalog = await start({
      databases: await open(id),
      config: {
        catalog: {
          events: {
            contract: { enabled: false },
            entities: [
              { kind: ['api', 'Resource'] },
              { kind: 'Component', annotations: [{ name: 'x/y' }] },
            ],
          },
        },
      },
    });
    const { provider, replica } = catalog;
    const annotations = { 'x/y': 'z' };
    await provider.replaceAll([
      makeEntity('plain'),
      makeEntity('marked', { metadata: { annotations } }),
      makeEntity('resource', { kind: 'Resource' }),
    ]);
    await replica.until(() => replica.entities.size === 2);
    // To whoever is told of those with the annotation only, it is gone.
    await provider.change([makeEntity('marked')]);
    await replica.until(() => replica.entities.size === 1);
    expect([...replica.list().keys()]).toEqual(['resource:default/resource']);
    await provider.replaceAll([]);
    await replica.until(() => replica.entities.size === 0);
    expect(replica.problems).toEqual([]);
    expect(
      replica.changes.some(({ entity }) => entity.metadata.name === 'plain'),
    ).toBe(false);
  });

  it('shows the contract of the events system as an API of the catalog', async () => {
    const catalog = await start({
      databases: await open(id),
      config: { catalog: { events: { contract: { owner: 'group:x' } } } },
    });
    await untilCount(catalog, 0);
    const [entity] = catalog.replica.entities.values();
    const definition = await ask(catalog, 'GET', 'events/asyncapi.yaml');
    expect(entity).toMatchObject({
      kind: 'API',
      metadata: { name: 'backstage-events' },
      spec: { type: 'asyncapi', owner: 'group:x', definition },
    });
  });

  it('leaves the database as it was when it is removed', async () => {
    const opened = await open(id);
    await start({ databases: opened, module: false });
    await stops.pop()?.();
    const before = await describeSchema(opened.catalog);
    const catalog = await start({ databases: opened });
    await catalog.provider.replaceAll([makeEntity('a')]);
    await untilCount(catalog, 1);
    await stops.pop()?.();
    expect(await describeSchema(opened.catalog)).not.toEqual(before);

    const config = { catalog: { events: { enabled: false } } };
    await start({ databases: opened, config });
    expect(await describeSchema(opened.catalog)).toEqual(before);
    await stops.pop()?.();
    // And it does not mind that nothing is there.
    await start({ databases: opened, config });
  });

  it('is silent, and in nobody’s way, when it was taken out without being removed', async () => {
    const opened = await open(id);
    const catalog = await start({ databases: opened });
    await catalog.provider.replaceAll([makeEntity('a')]);
    await untilCount(catalog, 1);
    await stops.pop()?.();

    const eightDaysAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1_000);
    await opened
      .catalog('callboard_catalog_emitter')
      .update({ seen_at: eightDaysAgo.toISOString() });
    const without = await start({ databases: opened, module: false });
    await without.provider.replaceAll([makeEntity('a'), makeEntity('b')]);
    while (!(await served(without)).has('component:default/b')) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await expect(
      opened.catalog('callboard_catalog_outbox').select('place'),
    ).resolves.toEqual([]);
    await stops.pop()?.();

    const { logger } = await start({ databases: opened });
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        /^No process with this module has run since .* Take a snapshot .* has to empty it first$/,
      ),
    );
  });
});
