import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { ChangeCapture } from '@callboard/backstage-plugin-events-node/emitting';
import type { Knex } from 'knex';
import { createWatchedTables, takeRows } from '../__testUtils__/watchedTables';
import { watchedCatalog } from './watchedCatalog';
import { writeSnapshotPage } from './writeSnapshotPage';

const databases = createTestDatabases();

/** A catalog, with a snapshot to be taken. */
async function prepare(
  id: TestDatabaseId,
  { entities, locations }: { entities: number; locations: number },
): Promise<Knex> {
  const knex = await databases.open(id);
  await createWatchedTables(knex);
  for (let number = 1; number <= entities; number++) {
    await knex('final_entities').insert({
      entity_id: `e${number}`,
      final_entity: JSON.stringify({ number }),
    });
  }
  // One that the catalog has not stitched yet, and the row that nobody registered.
  await knex('final_entities').insert({ entity_id: 'e0', final_entity: null });
  await knex('locations').insert({
    id: makeUuid(0),
    type: 'bootstrap',
    target: 'bootstrap',
  });
  for (let number = 1; number <= locations; number++) {
    await knex('locations').insert({
      id: makeUuid(number),
      type: 'url',
      target: `t${number}`,
    });
  }
  await new ChangeCapture(knex, watchedCatalog).install({ snapshotDue: true });
  return knex;
}

const makeUuid = (number: number) =>
  `00000000-0000-4000-8000-00000000000${number}`;

const entity = (number: number) => ({
  entity: { before: null, after: { number } },
});

const location = (number: number) => ({
  location: {
    before: null,
    after: { id: makeUuid(number), type: 'url', target: `t${number}` },
  },
});

/** Writes the next page, of two rows, as a process that has just started does. */
const writeNextPage = (knex: Knex) =>
  new ChangeCapture(knex, watchedCatalog).writeDuePage((trx, from) =>
    writeSnapshotPage(trx, from, 2),
  );

async function writeRest(knex: Knex): Promise<number[]> {
  const pages: number[] = [];
  for (;;) {
    const page = await writeNextPage(knex);
    if (!page) {
      return pages;
    }
    pages.push(page.rows);
  }
}

describe.each(databases.ids)('a snapshot of the catalog on %s', id => {
  it('has every entity and location once, page by page', async () => {
    const knex = await prepare(id, { entities: 5, locations: 3 });
    await expect(writeRest(knex)).resolves.toEqual([2, 2, 1, 2, 1]);
    const changes = (await takeRows(knex)).map(({ change }) => change);
    expect(changes).toEqual([
      ...[1, 2, 3, 4, 5].map(entity),
      ...[1, 2, 3].map(location),
    ]);
  });

  it('ends when a page is the last and full', async () => {
    const knex = await prepare(id, { entities: 2, locations: 2 });
    await expect(writeRest(knex)).resolves.toEqual([2, 0, 2, 0]);
    await expect(takeRows(knex)).resolves.toHaveLength(4);
  });

  it('of an empty catalog is empty', async () => {
    const knex = await prepare(id, { entities: 0, locations: 0 });
    await expect(writeRest(knex)).resolves.toEqual([0, 0]);
    await expect(takeRows(knex)).resolves.toEqual([]);
  });

  it('leaves what is told of an entity last to be how it is, whatever changes meanwhile', async () => {
    const knex = await prepare(id, { entities: 4, locations: 0 });
    await writeNextPage(knex);
    await knex('final_entities')
      .whereIn('entity_id', ['e1', 'e4'])
      .update({ final_entity: '{"number":9}' });
    await knex('final_entities').where({ entity_id: 'e3' }).delete();
    await writeRest(knex);
    const last = new Map<string, unknown>();
    for (const { change } of await takeRows(knex)) {
      const { before, after } = change.entity;
      last.set(String(before?.number ?? after.number), after);
    }
    expect(last.get('1')).toEqual({ number: 9 });
    expect(last.get('2')).toEqual({ number: 2 });
    expect(last.get('3')).toBeNull();
    expect(last.get('9')).toEqual({ number: 9 });
  });

  it('does not go on where there is nothing of the kind', async () => {
    const knex = await prepare(id, { entities: 1, locations: 0 });
    await expect(
      knex.transaction(trx => writeSnapshotPage(trx, 'elsewhere 1')),
    ).rejects.toThrow("cannot go on at 'elsewhere 1'");
  });
});

(databases.ids.includes('POSTGRES_15') ? it : it.skip)(
  'waits for nobody with locks in hand',
  async () => {
    const knex = await prepare('POSTGRES_15', { entities: 2, locations: 0 });
    const trx = await knex.transaction();
    await trx('final_entities')
      .where({ entity_id: 'e2' })
      .update({ final_entity: '{"number":9}' });
    await expect(
      knex.transaction(other => writeSnapshotPage(other, undefined)),
    ).rejects.toMatchObject({ code: '55P03' });
    const writing = writeNextPage(knex);
    await trx.commit();
    await expect(writing).resolves.toMatchObject({ rows: 2 });
    const changes = (await takeRows(knex)).map(({ change }) => change);
    expect(changes.at(-1)).toEqual(entity(9));
  },
);
