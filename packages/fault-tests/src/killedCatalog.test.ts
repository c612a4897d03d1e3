import { isDeepStrictEqual } from 'node:util';
import {
  ANNOTATION_LOCATION,
  ANNOTATION_ORIGIN_LOCATION,
  stringifyEntityRef,
  type Entity,
} from '@backstage/catalog-model';
import type { CatalogEntityChange } from '@callboard/backstage-plugin-events-common';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import createKnex, { type Knex } from 'knex';
import { FileServer } from './FileServer';
import { PortalClient } from './PortalClient';
import { PortalProcess } from './PortalProcess';
import { readReplica } from './readReplica';
import { isFullSize } from './testSize';

/** How much of 2,000 entities there are: all, or a tenth. */
const scale = isFullSize ? 1 : 0.1;
const size = (ofAll: number) => ofAll * scale;
const perFile = 100 * scale;
const kills = isFullSize ? 5 : 2;

const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

function makeEntities(
  prefix: string,
  count: number,
  description = 'as it was',
) {
  return Array.from(
    { length: count },
    (_, index): Entity => ({
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: {
        name: `${prefix}-${index}`,
        namespace: 'default',
        description,
      },
      spec: {
        type: 'service',
        lifecycle: 'production',
        owner: `team-${index % 7}`,
      },
    }),
  );
}

const toFile = (entities: readonly Entity[]) =>
  entities.map(entity => JSON.stringify(entity)).join('\n---\n');

/** As a provider has to provide them. */
const provided = (entities: readonly Entity[]) =>
  entities.map(entity => ({
    ...entity,
    metadata: {
      ...entity.metadata,
      annotations: {
        [ANNOTATION_LOCATION]: 'url:http://localhost/driver',
        [ANNOTATION_ORIGIN_LOCATION]: 'url:http://localhost/driver',
      },
    },
  }));

class CatalogClient extends PortalClient {
  async readEntities(): Promise<Map<string, Entity>> {
    const entities: Entity[] = await this.ask('GET', 'catalog/entities');
    return new Map(
      entities.map(entity => [String(entity.metadata.uid), entity]),
    );
  }

  /** Registers a location; one that is there since before a kill is no error. */
  async register(target: string): Promise<void> {
    await this.ask(
      'POST',
      'catalog/locations',
      { type: 'url', target },
      [201, 409],
    );
  }

  async unregister(target: string): Promise<void> {
    const locations: { data: { id: string; target: string } }[] =
      await this.ask('GET', 'catalog/locations');
    const found = locations.find(({ data }) => data.target === target);
    if (found) {
      await this.ask(
        'DELETE',
        `catalog/locations/${found.data.id}`,
        undefined,
        [204, 404],
      );
    }
  }

  /** Has the catalog read a registered location anew. */
  async refresh(target: string): Promise<void> {
    const entities = await this.readEntities();
    const location = [...entities.values()].find(
      ({ kind, spec }) => kind === 'Location' && spec?.target === target,
    );
    if (!location) {
      throw new Error(`There is no entity for the location ${target}`);
    }
    await this.ask('POST', 'catalog/refresh', {
      entityRef: stringifyEntityRef(location),
    });
  }

  provide(request: {
    type: 'full' | 'delta';
    added?: Entity[];
    removed?: string[];
  }): Promise<void> {
    return this.ask('POST', 'catalog/driver', request);
  }
}

/** What the catalog has processed, whether or not it serves that already. */
interface ProcessedEntities {
  components: number;
  changed: number;
  /** Entities that wait to be written to where they are served from. */
  waiting: number;
}

interface OpenPortal {
  portal: PortalProcess;
  /** From the database of the catalog. */
  readProcessed(): Promise<ProcessedEntities>;
}

async function openPortal(
  databaseId: string,
  fileHost: string,
): Promise<OpenPortal> {
  const config = {
    backend: { reading: { allow: [{ host: fileHost }] } },
    catalog: {
      locations: [],
      // What the catalog had in hand when it was killed is not looked at again before.
      processingInterval: { seconds: isFullSize ? 60 : 15 },
    },
  };
  if (databaseId === 'SQLITE_FILE') {
    const portal = await PortalProcess.create('sqlite', [], config);
    const open = () =>
      createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFileOf('catalog') },
        useNullAsDefault: true,
      });
    return { portal, readProcessed: () => readProcessed(open()) };
  }
  const { host, port, user, database } = (await databases.open('POSTGRES_15'))
    .client.config.connection;
  const connection = { host, port: Number(port), user, database };
  const portal = await PortalProcess.create(connection, [], config);
  const open = () =>
    createKnex({ client: 'pg', connection, searchPath: ['catalog'] });
  return { portal, readProcessed: () => readProcessed(open()) };
}

async function readProcessed(knex: Knex): Promise<ProcessedEntities> {
  try {
    const texts: (string | null)[] = await knex('refresh_state').pluck(
      'processed_entity',
    );
    const entities = texts.flatMap((text): Entity[] =>
      text === null ? [] : [JSON.parse(text)],
    );
    const components = entities.filter(({ kind }) => kind === 'Component');
    const [{ waiting }] = await knex('stitch_queue').count({ waiting: '*' });
    return {
      components: components.length,
      changed: components.filter(
        ({ metadata }) => metadata.description === 'changed',
      ).length,
      waiting: Number(waiting),
    };
  } finally {
    await knex.destroy();
  }
}

/**
 * Waits until the catalog has processed what it should, and a consumer of the events has what the catalog serves.
 *
 * What it has processed and what it serves may differ for ever: killed at the wrong moment, the stock catalog forgets to
 * write an entity to where it is served from. Then there is nothing to tell of.
 */
async function untilSettled(
  { portal, readProcessed: read }: OpenPortal,
  client: CatalogClient,
  wanted: Omit<ProcessedEntities, 'waiting'>,
) {
  const deadline = Date.now() + 240_000;
  for (;;) {
    const processed = await read();
    const entities = await client.readEntities();
    const lines = portal.readLines();
    const replica = readReplica(lines);
    const isEqual = isDeepStrictEqual(
      new Map([...replica.entities].sort()),
      new Map([...entities].sort()),
    );
    if (isDeepStrictEqual(processed, { ...wanted, waiting: 0 }) && isEqual) {
      return { entities, lines, replica };
    }
    if (Date.now() > deadline) {
      expect(processed).toEqual({ ...wanted, waiting: 0 });
      expect(Object.fromEntries(replica.entities)).toEqual(
        Object.fromEntries(entities),
      );
    }
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

const named = (entities: Map<string, Entity>, prefix: string) =>
  [...entities.values()].filter(({ metadata }) =>
    metadata.name.startsWith(`${prefix}-`),
  );

describe.each(databases.ids)('the catalog of a portal on %s', databaseId => {
  it(`tells every change exactly, although the portal is killed ${kills} times in the middle of it`, async () => {
    const files = await FileServer.start();
    disposables.unshift(files);
    const opened = await openPortal(databaseId, files.host);
    const { portal } = opened;
    disposables.unshift(portal);
    await portal.start({ program: 'catalogPortal' });
    const client = new CatalogClient(portal);

    // 2,000 entities: 1,500 stay in files, of which 400 change; 200 go with their location, 100 are registered again,
    // 50 lose their place in a file, 150 come from a provider, of which 100 change.
    const fileNames = Array.from({ length: 15 }, (_, index) => `file${index}`);
    const targets = fileNames.map(name =>
      files.write(name, toFile(makeEntities(name, perFile))),
    );
    const goingUrl = files.write(
      'going',
      toFile(makeEntities('going', size(200))),
    );
    const againUrl = files.write(
      'again',
      toFile(makeEntities('again', size(100))),
    );
    const orphans = makeEntities('orphan', size(50));
    const keeper = makeEntities('keeper', 1);
    const orphansUrl = files.write('orphans', toFile([...orphans, ...keeper]));
    for (const target of [...targets, goingUrl, againUrl, orphansUrl]) {
      await client.register(target);
    }
    await client.provide({
      type: 'full',
      added: provided(makeEntities('given', size(150))),
    });
    const total = size(2_000) + keeper.length;
    const before = await untilSettled(opened, client, {
      components: total,
      changed: 0,
    });

    const changes = [
      ...targets.slice(0, 4).map((target, index) => async () => {
        const name = fileNames[index];
        files.write(name, toFile(makeEntities(name, perFile, 'changed')));
        await client.refresh(target);
      }),
      () => client.unregister(goingUrl),
      () => client.unregister(againUrl),
      () => client.register(againUrl),
      async () => {
        files.write('orphans', toFile(keeper));
        await client.refresh(orphansUrl);
      },
      () =>
        client.provide({
          type: 'delta',
          added: provided(makeEntities('given', size(100), 'changed')),
        }),
      () =>
        client.provide({
          type: 'full',
          added: provided([
            ...makeEntities('given', size(100), 'changed'),
            ...makeEntities('given', size(150)).slice(size(100), size(140)),
          ]),
        }),
    ];
    const changing = (async () => {
      for (const change of changes) {
        await change();
        await new Promise(resolve => setTimeout(resolve, 400));
      }
    })();
    for (let kill = 0; kill < kills; kill++) {
      await new Promise(resolve =>
        setTimeout(resolve, 800 + Math.random() * 1_500),
      );
      await portal.kill();
      await portal.start({ program: 'catalogPortal' });
    }
    await changing;

    const after = await untilSettled(opened, client, {
      components: total - size(200) - size(50) - size(10),
      changed: size(500),
    });

    // Entity by entity: what events tell of is what differs, no more and no less.
    const told = new Map<string, CatalogEntityChange['action'][]>();
    for (const { action, entity } of after.replica.changes.slice(
      before.replica.changes.length,
    )) {
      const { uid } = entity.metadata;
      told.set(uid, [...(told.get(uid) ?? []), action]);
    }
    const differing = [
      ...new Set([...before.entities.keys(), ...after.entities.keys()]),
    ].filter(
      uid =>
        !isDeepStrictEqual(before.entities.get(uid), after.entities.get(uid)),
    );
    const effectOn = (uid: string) => {
      if (!before.entities.has(uid)) {
        return 'created';
      }
      return after.entities.has(uid) ? 'updated' : 'deleted';
    };
    const expected = differing.map(uid => [uid, effectOn(uid)]);
    const effects = [...told].flatMap(([uid, actions]) => {
      const isCreated = actions[0] === 'created';
      const isDeleted = actions.at(-1) === 'deleted';
      // Came and went again in between.
      if (isCreated && isDeleted) {
        return [];
      }
      return [[uid, isCreated ? 'created' : actions.at(-1)]];
    });
    expect(effects.sort()).toEqual(expected.sort());
    expect(after.replica.problems).toEqual([]);
    const again = (entities: Map<string, Entity>) =>
      new Set(named(entities, 'again').map(({ metadata }) => metadata.uid));
    expect(
      [...again(after.entities)].filter(uid => again(before.entities).has(uid)),
    ).toEqual([]);

    // By a validator that is not ours, over the document that the portal serves.
    const document = await client.ask('GET', 'events/asyncapi.json');
    const ajv = addFormats(new Ajv({ strict: false }));
    ajv.addSchema(document, 'contract');
    const validates = [
      'CatalogEntityChangeEvent',
      'CatalogLocationChangeEvent',
    ].map(name =>
      ajv.compile({ $ref: `contract#/components/schemas/${name}` }),
    );
    const invalid = after.replica.events.filter(
      event => !validates.some(validate => validate(event)),
    );
    expect(invalid).toEqual([]);

    process.stdout.write(
      `${databaseId}: ${kills} kills, ${after.replica.events.length} events valid, ${after.replica.repeated} of them again; ${differing.length} entities differ, and the events tell the same\n`,
    );
  }, 900_000);
});
