import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { ChangeCapture } from '@callboard/backstage-plugin-events-node/emitting';
import type { Knex } from 'knex';
import { createWatchedTables, takeRows } from '../__testUtils__/watchedTables';
import { watchedCatalog } from './watchedCatalog';

const databases = createTestDatabases();
const uuid = '00000000-0000-4000-8000-000000000001';

async function prepare(id: TestDatabaseId): Promise<Knex> {
  const knex = await databases.open(id);
  await createWatchedTables(knex);
  await new ChangeCapture(knex, watchedCatalog).install();
  return knex;
}

const changesIn = async (knex: Knex) =>
  (await takeRows(knex)).map(({ change }) => change);

describe.each(databases.ids)('the capture of the catalog on %s', id => {
  it('writes an entity down before and after each change, and nothing when it stays', async () => {
    const knex = await prepare(id);
    const entity = knex('final_entities');
    await entity.clone().insert({ entity_id: '1', final_entity: null });
    await entity.clone().update({ final_entity: '{"a":1}' });
    await entity.clone().update({ final_entity: '{"a":1}', hash: 'x' });
    await entity.clone().update({ final_entity: '{"a":2}' });
    await entity.clone().delete();
    await expect(changesIn(knex)).resolves.toEqual([
      { entity: { before: null, after: { a: 1 } } },
      { entity: { before: { a: 1 }, after: { a: 2 } } },
      { entity: { before: { a: 2 }, after: null } },
    ]);
  });

  it('writes down of a location what is told of it', async () => {
    const knex = await prepare(id);
    const location = { id: uuid, type: 'url', target: 'a"b' };
    await knex('locations').insert({ ...location, more: 'x' });
    await knex('locations').update({ more: 'y' });
    await knex('locations').update({ target: 'c' });
    await knex('locations').delete();
    const moved = { ...location, target: 'c' };
    await expect(changesIn(knex)).resolves.toEqual([
      { location: { before: null, after: location } },
      { location: { before: location, after: moved } },
      { location: { before: moved, after: null } },
    ]);
  });
});

(databases.ids.includes('POSTGRES_15') ? describe : describe.skip)(
  'the capture of the catalog on PostgreSQL',
  () => {
    it('ties together what one transaction changed', async () => {
      const knex = await prepare('POSTGRES_15');
      for (const first of [1, 3]) {
        await knex.transaction(async trx => {
          for (const entityId of [first, first + 1]) {
            await trx('final_entities').insert({
              entity_id: entityId,
              final_entity: '{}',
            });
          }
        });
      }
      const ids = (await takeRows(knex)).map(row => row.correlationId);
      expect(ids[0]).toBe(ids[1]);
      expect(ids[2]).toBe(ids[3]);
      expect(new Set(ids).size).toBe(2);
    });

    it('lets the catalog go on without the columns that are read', async () => {
      const knex = await prepare('POSTGRES_15');
      await knex('locations').insert({ id: uuid, type: 'url', target: 'a' });
      await takeRows(knex);
      await knex.schema.alterTable('final_entities', table => {
        table.renameColumn('final_entity', 'entity');
      });
      await knex.schema.alterTable('locations', table => {
        table.renameColumn('target', 'url');
      });
      await knex('final_entities').insert({ entity_id: '1', entity: '{}' });
      await knex('locations').update({ url: 'b' });
      await knex('locations').delete();
      await expect(takeRows(knex)).resolves.toEqual([]);
      await expect(knex('final_entities').pluck('entity')).resolves.toEqual([
        '{}',
      ]);
    });
  },
);
