import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { describeEvent } from '../metadata';
import { createTestOutboxes } from './__testUtils__/createTestOutboxes';
import type { OutboxOrder } from './OutboxTable';
import { RecordingEvents } from './__testUtils__/RecordingEvents';

const outboxes = createTestOutboxes();

const insert = (knex: Knex, topic: string) =>
  knex('callboard_outbox').insert({ topic, payload: '{}' });

describe.each(outboxes.ids)('the order of an outbox on %s', id => {
  it.each<[OutboxOrder, string]>([
    ['commits', ''],
    ['insertions', ' that is locked before it is published about'],
  ])(
    'of %s is that of commits for every key%s, however many publish and relay side by side',
    async order => {
      const first = await outboxes.open(id, undefined, order);
      const { knex, outbox, events } = first;
      await knex.schema.createTable('counters', table => {
        table.text('key').primary();
        table.integer('count').notNullable();
      });
      const keys = ['a', 'b', 'c'];
      await knex('counters').insert(keys.map(key => ({ key, count: 0 })));
      const replica = await first.openReplica();
      outbox.start();
      replica.outbox.start();

      const perPublisher = 30;
      const publishers = Array.from({ length: 6 }, async (_, publisher) => {
        const own = publisher % 2 === 0 ? first : replica;
        for (let round = 0; round < perPublisher; round++) {
          const key = keys[(publisher + round) % keys.length];
          const attempt = own.knex.transaction(async trx => {
            // Into the outbox before the lock that decides who is first: the order of insertion is not that of commits.
            await own.outbox.publish(trx, {
              topic: 'early',
              eventPayload: key,
            });
            await trx('counters').where({ key }).increment('count');
            const { count } = await trx('counters').where({ key }).first();
            await own.outbox.publish(trx, {
              topic: 'counted',
              eventPayload: count,
              key,
            });
            if (round % 5 === 4) {
              throw new Error('changed my mind');
            }
          });
          await attempt.catch(error => {
            if (error.message !== 'changed my mind') {
              throw error;
            }
          });
        }
      });
      await Promise.all(publishers);
      const committed = 6 * perPublisher * 0.8;
      await events.waitFor(2 * committed);
      await Promise.all([outbox.stop(), replica.outbox.stop()]);

      expect(events.log).toHaveLength(2 * committed);
      for (const key of keys) {
        const counts = events.log
          .filter(event => describeEvent(event).key === key)
          .map(({ eventPayload }) => eventPayload);
        expect(counts).toEqual(counts.map((_, index) => index + 1));
      }
    },
  );
});

(outboxes.shared.length > 0
  ? describe.each(outboxes.shared)
  : describe.skip.each(['none']))('an outbox on %s', () => {
  const id = 'POSTGRES_15';

  it('relays last what was inserted first and is committed last', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    const late = await knex.transaction();
    await insert(late, 'late');
    await insert(knex, 'early');
    await drain();
    await insert(knex, 'between');
    await late.commit();
    await insert(knex, 'after');
    await drain();
    expect(events.topics).toEqual(['early', 'between', 'late', 'after']);
  });

  it('keeps the order of commits when constraints are immediate', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    const first = await knex.transaction();
    await first.raw('SET CONSTRAINTS ALL IMMEDIATE');
    await insert(first, 'first');
    const second = insert(knex, 'second').then(() => {});
    await insert(first, 'first too');
    await first.commit();
    await second;
    await drain();
    expect(events.topics).toEqual(['first', 'first too', 'second']);
  });

  it('lets transactions of every isolation level publish side by side', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    for (const isolationLevel of ['repeatable read', 'serializable'] as const) {
      const transactions = await Promise.all(
        [1, 2, 3].map(() => knex.transaction({ isolationLevel })),
      );
      await Promise.all(transactions.map(trx => insert(trx, 'a')));
      await Promise.all(transactions.map(trx => trx.commit()));
    }
    await drain();
    expect(events.topics).toHaveLength(6);
  });

  it('does not hold a lock between the insertion and the commit', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    const frozen = await knex.transaction();
    await insert(frozen, 'frozen');
    await insert(knex, 'other');
    await drain();
    expect(events.topics).toEqual(['other']);
    await frozen.rollback();
  });

  it('is kept in the schema of its plugin, whoever writes into it from wherever', async () => {
    const owner = await outboxes.openEmpty(id);
    const schema = `Plugin "x" ${randomUUID()}`;
    const role = `callboard_test_${randomUUID()}`;
    await owner.raw('CREATE SCHEMA ??', [schema]);
    const events = new RecordingEvents();
    const { knex, drain } = await outboxes.openOn(
      outboxes.openConnections(owner, [schema]),
      events,
    );
    await insert(knex, 'own');
    // Another search path, and no right but to insert.
    await owner.raw('CREATE ROLE ??', [role]);
    try {
      await owner.raw('GRANT USAGE ON SCHEMA ?? TO ??', [schema, role]);
      await owner.raw('GRANT INSERT ON ??.callboard_outbox TO ??', [
        schema,
        role,
      ]);
      await owner.transaction(async trx => {
        await trx.raw('SET LOCAL ROLE ??', [role]);
        await trx.raw(
          `INSERT INTO ??.callboard_outbox (topic, payload) VALUES ('foreign', '{}')`,
          [schema],
        );
      });
    } finally {
      await owner.raw('DROP OWNED BY ??', [role]);
      await owner.raw('DROP ROLE ??', [role]);
    }
    await drain();
    expect(events.topics).toEqual(['own', 'foreign']);
  });

  it('lets no other relay work while one waits for the log', async () => {
    const first = await outboxes.open(id);
    const second = await first.openReplica();
    await insert(first.knex, 'a');
    let go: () => void = () => {};
    const started = new Promise<void>(resolveStarted => {
      first.events.before = () => {
        resolveStarted();
        return new Promise<void>(resolve => {
          go = resolve;
        });
      };
    });
    const turn = first.outbox.runOnce();
    await started;
    await expect(second.outbox.runOnce()).resolves.toEqual({
      outcome: 'elsewhere',
    });
    go();
    await expect(turn).resolves.toEqual({
      outcome: 'relayed',
      published: 1,
      refused: 0,
      full: false,
    });
    await expect(second.outbox.runOnce()).resolves.toEqual({
      outcome: 'empty',
    });
  });
});
