import { mockCredentials } from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { refOf } from './__testUtils__/EntityReplica';
import {
  startCatalog,
  type PortalDatabases,
} from './__testUtils__/startCatalog';
import { makeEntity } from './__testUtils__/TestProvider';

jest.setTimeout(120_000);

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
      .map((entity): [string, Entity] => [refOf(entity as never), entity])
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `service-${index}`);

describe.each(databases.ids)('the catalog with its module on %s', id => {
  it('tells what was created, updated and deleted, and a consumer of it has what the catalog has', async () => {
    const catalog = await start({ databases: await open(id) });
    const { provider, replica } = catalog;
    await provider.replaceAll(names(5).map(name => makeEntity(name)));
    await replica.until(() => replica.entities.size === 6);

    await provider.change([
      makeEntity('service-0', { metadata: { description: 'new' } }),
    ]);
    await replica.until(() =>
      replica.changes.some(
        ({ entity }) => entity.metadata.description === 'new',
      ),
    );
    const update = replica.changes.at(-1);
    expect(update).toMatchObject({
      action: 'updated',
      changedPaths: expect.arrayContaining(['/metadata/description']),
    });

    await provider.change([], [makeEntity('service-1')]);
    await replica.until(() => replica.entities.size === 5);
    expect(replica.changes.at(-1)).toMatchObject({
      action: 'deleted',
      entity: { kind: 'Component', metadata: { name: 'service-1' } },
    });
    expect(Object.fromEntries(replica.list())).toEqual(
      Object.fromEntries(await served(catalog)),
    );
    expect(replica.problems).toEqual([]);
  });
});
