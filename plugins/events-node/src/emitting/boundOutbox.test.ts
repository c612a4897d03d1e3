import { mockServices } from '@backstage/backend-test-utils';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import {
  createThingsOutbox,
  outboxTable,
  things,
} from './__testUtils__/things';
import { boundOutbox } from './boundOutbox';

const databases = createTestDatabases();
const logger = mockServices.logger.mock();
const hour = 60 * 60 * 1_000;

async function insert(knex: Knex, keys: string[], ageMs: number) {
  await knex.batchInsert(
    outboxTable,
    keys.map(key => ({
      topic: 'things',
      key,
      payload: '{}',
      created_at: new Date(Date.now() - ageMs).toISOString(),
    })),
    200,
  );
}

describe.each(databases.ids)('the bounds of the outbox on %s', id => {
  let knex: Knex;

  beforeEach(async () => {
    jest.clearAllMocks();
    knex = await databases.open(id);
    await createThingsOutbox(knex);
  });

  const waiting = () => knex(outboxTable).orderBy('place').pluck('key');
  const bound = (maxAgeMs: number, maxRows: number, plugin = things) =>
    boundOutbox({ knex, plugin, bounds: { maxAgeMs, maxRows }, logger });

  it('let the oldest go when more wait than may, and say so', async () => {
    await insert(knex, ['a', 'b', 'c'], 0);
    await expect(bound(hour, 3)).resolves.toBe(0);
    expect(logger.error).not.toHaveBeenCalled();
    await expect(bound(hour, 2)).resolves.toBe(1);
    await expect(waiting()).resolves.toEqual(['b', 'c']);
    expect(logger.error).toHaveBeenCalledWith(
      '1 changes of things were never published: they waited for longer than things.events.outbox allows, while the events system was away. Count them',
    );
  });

  it('let what has waited for too long go', async () => {
    await insert(knex, ['a'], 2 * hour);
    await insert(knex, ['b'], 0);
    await expect(bound(hour, 10)).resolves.toBe(1);
    await expect(waiting()).resolves.toEqual(['b']);
  });

  it('hold for both at once, and for more rows than go with one statement', async () => {
    const keys = Array.from({ length: 10_003 }, (_, index) => `${index}`);
    await insert(knex, keys, 2 * hour);
    await insert(knex, ['a', 'b', 'c'], 0);
    await expect(bound(hour, 2)).resolves.toBe(10_004);
    await expect(waiting()).resolves.toEqual(['b', 'c']);
  });

  it('promise no remedy where there is none', async () => {
    await insert(knex, ['a'], 2 * hour);
    const { remedy, ...words } = things.words;
    await bound(hour, 10, { ...things, words });
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringMatching(/while the events system was away$/),
    );
  });

  it('keep what was refused for a month', async () => {
    const refused = knex(`${outboxTable}_refused`);
    await refused.clone().insert(
      [29, 31].map(day => ({
        place: day,
        id: '6d4a5f0e-0d2c-4c3e-9d3c-6f6f8f0f8b11',
        topic: 'things',
        payload: '{}',
        metadata: '{}',
        created_at: new Date(0).toISOString(),
        refused_at: new Date(Date.now() - day * 24 * hour).toISOString(),
        error: 'It does not fit',
      })),
    );
    await bound(hour, 10);
    const places: unknown[] = await refused.clone().pluck('place');
    expect(places.map(Number)).toEqual([29]);
  });
});
