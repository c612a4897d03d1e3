import { mockServices } from '@backstage/backend-test-utils';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import { startScaffolder } from '../__testUtils__/startScaffolder';
import { outboxTable } from '../capture';
import { boundOutbox } from './boundOutbox';

const databases = createTestDatabases();
const logger = mockServices.logger.mock();
const hour = 60 * 60 * 1_000;

async function insert(knex: Knex, key: string, ageMs: number) {
  await knex(outboxTable).insert({
    topic: 'scaffolder',
    key,
    payload: '{}',
    created_at: new Date(Date.now() - ageMs).toISOString(),
  });
}

describe.each(databases.ids)('the bounds of the outbox on %s', id => {
  let knex: Knex;

  beforeEach(async () => {
    jest.clearAllMocks();
    knex = await databases.open(id);
    const { stop } = await startScaffolder({
      databases: { scaffolder: knex, events: await databases.open(id) },
    });
    await stop();
  });

  const waiting = () => knex(outboxTable).orderBy('place').pluck('key');

  it('let the oldest go when more wait than may, and say so', async () => {
    for (const key of ['a', 'b', 'c']) {
      await insert(knex, key, 0);
    }
    const bounds = { maxAgeMs: hour, maxRows: 3 };
    await expect(boundOutbox({ knex, bounds, logger })).resolves.toBe(0);
    expect(logger.error).not.toHaveBeenCalled();
    await expect(
      boundOutbox({ knex, bounds: { ...bounds, maxRows: 2 }, logger }),
    ).resolves.toBe(1);
    await expect(waiting()).resolves.toEqual(['b', 'c']);
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining('1 changes of tasks were never published'),
    );
  });

  it('let what has waited for too long go', async () => {
    await insert(knex, 'a', 2 * hour);
    await insert(knex, 'b', 0);
    const bounds = { maxAgeMs: hour, maxRows: 10 };
    await expect(boundOutbox({ knex, bounds, logger })).resolves.toBe(1);
    await expect(waiting()).resolves.toEqual(['b']);
  });

  it('keep what was refused for a month', async () => {
    const refused = knex(`${outboxTable}_refused`);
    const days = [29, 31];
    await refused.clone().insert(
      days.map(day => ({
        place: day,
        id: '6d4a5f0e-0d2c-4c3e-9d3c-6f6f8f0f8b11',
        topic: 'scaffolder',
        payload: '{}',
        metadata: '{}',
        created_at: new Date(0).toISOString(),
        refused_at: new Date(Date.now() - day * 24 * hour).toISOString(),
        error: 'It does not fit',
      })),
    );
    const bounds = { maxAgeMs: hour, maxRows: 10 };
    await boundOutbox({ knex, bounds, logger });
    const places: unknown[] = await refused.clone().pluck('place');
    expect(places.map(Number)).toEqual([29]);
  });
});
