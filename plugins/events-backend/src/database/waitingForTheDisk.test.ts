import type { Knex } from 'knex';
import { createSubscribedPools, expectBatch } from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();
const shared = stores.ids.filter(id => id === 'POSTGRES_15');

/** Does something in a transaction, and tells whether its commit waits for the disk. */
async function askWhetherItWaits(
  knex: Knex,
  action: (trx: Knex.Transaction) => Promise<unknown>,
): Promise<string> {
  return knex.transaction(async trx => {
    await action(trx);
    const { rows } = await trx.raw<{ rows: { synchronous_commit: string }[] }>(
      'SHOW synchronous_commit',
    );
    return rows[0].synchronous_commit;
  });
}

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'the functions of %s',
  () => {
    it('let appends and claims wait for the disk, and settlements not', async () => {
      const store = await stores.open('POSTGRES_15');
      const { knex } = store;
      const pools = await createSubscribedPools(store);
      const statements: { sql: string; bindings: Knex.RawBinding[] }[] = [];
      const note = (query: { sql: string; bindings: Knex.RawBinding[] }) =>
        statements.push(query);
      knex.on('query', note);
      await pools.publish(undefined);
      const batch = expectBatch(await pools.claim('s'));
      await pools.settle(batch);
      knex.removeListener('query', note);

      const waits: Record<string, string> = {};
      for (const { sql, bindings } of statements) {
        const [name] = sql.match(/callboard_(append|claim|settle)(?=\()/) ?? [];
        if (name) {
          waits[name] = await askWhetherItWaits(knex, trx =>
            trx.raw(sql.replace(/\$\d+/g, '?'), bindings),
          );
        }
      }
      expect(waits).toEqual({
        callboard_append: 'on',
        callboard_claim: 'on',
        callboard_settle: 'off',
      });
    });
  },
);
