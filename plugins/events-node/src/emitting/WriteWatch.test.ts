import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { WriteWatch } from './WriteWatch';

const databases = createTestDatabases();

/** Longer than the watch takes, and shorter than a relay sleeps. */
const soonMs = 500;

describe.each(databases.ids)('watching writes on %s', id => {
  async function open() {
    const knex = await databases.open(id);
    await knex.schema.createTable('watched', table => {
      table.integer('id');
    });
    await knex.schema.createTable('others', table => {
      table.integer('id');
    });
    let seen = 0;
    let notify = () => {};
    const watch = new WriteWatch({
      knex,
      statements: ['insert into watched', 'update watched'],
      onWritten() {
        seen += 1;
        notify();
      },
    });
    watch.start();
    return {
      knex,
      watch,
      seen: () => seen,
      next: () =>
        new Promise<void>(resolve => {
          notify = resolve;
        }),
    };
  }

  it('sees a statement by itself when it is answered', async () => {
    const { knex, watch, seen } = await open();
    await knex('others').insert({ id: 1 });
    await knex('watched').select();
    expect(seen()).toBe(0);
    await knex('watched').insert({ id: 1 });
    await knex('watched').update({ id: 2 });
    expect(seen()).toBe(2);
    watch.stop();
    await knex('watched').insert({ id: 1 });
    expect(seen()).toBe(2);
  });

  it('sees a transaction soon after its commit, and not before', async () => {
    const { knex, watch, seen, next } = await open();
    const begin = performance.now();
    const looked = next();
    await knex.transaction(async trx => {
      await trx('watched').insert({ id: 1 });
      await trx.transaction(async nested => {
        await nested('watched').insert({ id: 2 });
      });
      expect(seen()).toBe(0);
    });
    await looked;
    expect(performance.now() - begin).toBeLessThan(soonMs);
    watch.stop();
  });

  it('does not mind transactions that are rolled back, or write elsewhere', async () => {
    const { knex, watch, seen, next } = await open();
    const undone = await knex.transaction();
    await undone('watched').insert({ id: 1 });
    await undone.rollback();
    await knex.transaction(async trx => {
      await trx('others').insert({ id: 1 });
    });
    expect(seen()).toBe(0);
    // What was begun before would be seen by now.
    const looked = next();
    await knex.transaction(async trx => {
      await trx('watched').insert({ id: 1 });
    });
    await looked;
    expect(seen()).toBe(1);
    watch.stop();
  });
});
