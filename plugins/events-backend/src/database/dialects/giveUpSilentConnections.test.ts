import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { Knex } from 'knex';
import { giveUpSilentConnections } from './giveUpSilentConnections';
import { postgres } from './postgres';

const databases = createTestDatabases();
const timeLimitMs = 500;

async function open(databaseId: (typeof databases.ids)[number]): Promise<Knex> {
  const knex = await databases.open(databaseId);
  giveUpSilentConnections(knex, timeLimitMs);
  return knex;
}

async function readPid(knex: Knex): Promise<number> {
  const { rows } = await knex.raw<{ rows: { pid: number }[] }>(
    'SELECT pg_backend_pid() AS pid',
  );
  return rows[0].pid;
}

describe.each(databases.ids.filter(id => id === 'POSTGRES_15'))(
  'connections to %s',
  databaseId => {
    it('are given up when a statement is not answered in time, and others take their place', async () => {
      const knex = await open(databaseId);
      const pid = await readPid(knex);
      const failure = await knex
        .raw('SELECT pg_sleep(60)')
        .catch(error => error);
      expect(failure).toMatchObject({ code: 'ETIMEDOUT' });
      expect(postgres.isUnavailable(failure)).toBe(true);
      await expect(readPid(knex)).resolves.not.toBe(pid);
    });

    it('are given up when a transaction hangs', async () => {
      const knex = await open(databaseId);
      const failure = await knex
        .transaction(async trx => {
          await trx.raw('SELECT pg_sleep(60)');
        })
        .catch(error => error);
      expect(postgres.isUnavailable(failure)).toBe(true);
      await expect(readPid(knex)).resolves.toEqual(expect.any(Number));
    });

    it('are kept while nobody asks anything of them', async () => {
      const knex = await open(databaseId);
      const pid = await readPid(knex);
      await new Promise(resolve => setTimeout(resolve, 3 * timeLimitMs));
      await expect(readPid(knex)).resolves.toBe(pid);
    });
  },
);
