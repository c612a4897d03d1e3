import { mockServices } from '@backstage/backend-test-utils';
import { ServiceUnavailableError } from '@backstage/errors';
import type { Knex } from 'knex';
import { describeEvent } from '../metadata';
import { Outbox } from './Outbox';
import { createTestOutboxes } from './__testUtils__/createTestOutboxes';

const outboxes = createTestOutboxes();

/** Writes rows as somebody else would, one after the other. */
async function insert(knex: Knex, ...rows: object[]) {
  for (const row of rows) {
    await knex('callboard_outbox').insert({
      topic: 'a',
      payload: '{}',
      ...row,
    });
  }
}

/** A promise, and what resolves it. */
function createGate() {
  let open: () => void = () => {};
  const passed = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open, passed };
}

describe.each(outboxes.ids)('the relay of an outbox on %s', id => {
  it('publishes rows that were written in plain SQL, with a topic and a payload alone', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    await knex.raw(
      `INSERT INTO callboard_outbox (topic, payload) VALUES ('a', '{"one":1}')`,
    );
    await knex.raw(
      `INSERT INTO callboard_outbox (topic, payload) VALUES ('a', 'null')`,
    );
    await drain();
    expect(events.log).toMatchObject([
      { topic: 'a', eventPayload: { one: 1 } },
      { topic: 'a', eventPayload: null },
    ]);
    const ids = events.log.map(event => describeEvent(event).id);
    expect(new Set(ids).size).toBe(2);
    for (const eventId of ids) {
      expect(eventId).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }
  });

  it('publishes under the same ids again what it could not delete', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    await insert(knex, { topic: 'a' }, { topic: 'b' });
    events.after = () => {
      throw new ServiceUnavailableError('cut off');
    };
    await expect(outbox.runOnce()).rejects.toThrow('cut off');
    await expect(knex('callboard_outbox')).resolves.toHaveLength(2);
    await insert(knex, { topic: 'c' });
    events.after = () => {};
    await drain();
    expect(events.topics).toEqual(['a', 'b', 'c']);
    await expect(knex('callboard_outbox')).resolves.toEqual([]);
  });

  it('moves aside what is refused for good, says so, and goes on with the others in order', async () => {
    const { knex, events, logger, drain } = await outboxes.open(id);
    const topics = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const bad = ['t0', 't7', 't8', 't19'];
    await insert(knex, ...topics.map(topic => ({ topic, key: 'k' })));
    events.refuses = ({ topic }) => bad.includes(topic);
    await drain();
    expect(events.topics).toEqual(topics.filter(t => !bad.includes(t)));
    const refused = await knex('callboard_outbox_refused').orderBy('place');
    expect(refused).toMatchObject(
      bad.map(topic => ({
        topic,
        key: 'k',
        payload: '{}',
        metadata: '{}',
        error: 'It is not to be',
      })),
    );
    expect(logger.error).toHaveBeenCalledTimes(4);
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining(refused[0].id),
    );
  });

  it('publishes what was refused, once it is put back', async () => {
    const { knex, events, drain } = await outboxes.open(id);
    await insert(knex, { topic: 'a', metadata: '{"x-one":"1"}' });
    events.refuses = () => true;
    await drain();
    const [{ id: eventId }] = await knex('callboard_outbox_refused');
    events.refuses = () => false;
    await knex.transaction(async trx => {
      await trx.raw(
        `INSERT INTO callboard_outbox (id, topic, key, payload, metadata)
         SELECT id, topic, key, payload, metadata FROM callboard_outbox_refused ORDER BY place`,
      );
      await trx('callboard_outbox_refused').delete();
    });
    await drain();
    expect(events.log.map(event => describeEvent(event).id)).toEqual([eventId]);
    expect(events.log[0].metadata).toMatchObject({ 'x-one': '1' });
  });

  it('refuses rows that hold no event, whoever wrote them', async () => {
    const { knex, events, drain } = await outboxes.open(id, 1_000);
    await insert(
      knex,
      { payload: 'no JSON' },
      { metadata: '[]' },
      { metadata: '{"x":1}' },
      { metadata: 'no JSON' },
      { payload: JSON.stringify('x'.repeat(200_000)) },
      { topic: 'good' },
    );
    await drain();
    expect(events.topics).toEqual(['good']);
    const refused = await knex('callboard_outbox_refused').orderBy('place');
    expect(refused.map(({ error }) => error)).toEqual([
      expect.stringContaining('payload is no JSON'),
      expect.stringContaining('metadata'),
      expect.stringContaining('metadata'),
      expect.stringContaining('metadata'),
      expect.stringContaining('200005 bytes'),
    ]);
    expect(refused[4].payload).toHaveLength(200_002);
  });

  it('reads no more than a few megabytes at once', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    const eventPayload = 'x'.repeat(1024 * 1024);
    await knex.transaction(async trx => {
      for (let index = 0; index < 10; index++) {
        await outbox.publish(trx, { topic: `t${index}`, eventPayload });
      }
    });
    await drain();
    expect(events.log).toHaveLength(10);
    expect(Math.max(...events.calls)).toBeLessThanOrEqual(4);
  });

  it('keeps rows while the system is away, says so once, and goes on by itself', async () => {
    const { knex, outbox, events, logger } = await outboxes.open(id);
    let tries = 0;
    const back = createGate();
    events.before = () => {
      tries += 1;
      if (tries === 3) {
        back.open();
      }
      if (tries <= 3) {
        throw new ServiceUnavailableError('away');
      }
    };
    outbox.start();
    await knex.transaction(trx =>
      outbox.publish(trx, { topic: 'a', eventPayload: 1 }),
    );
    await back.passed;
    await expect(knex('callboard_outbox')).resolves.toHaveLength(1);
    await events.waitFor(1);
    await outbox.stop();
    expect(events.topics).toEqual(['a']);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('lets the running turn end when it is stopped, and takes no other', async () => {
    const { knex, outbox, events } = await outboxes.open(id);
    const started = createGate();
    const go = createGate();
    events.before = () => {
      started.open();
      return go.passed;
    };
    outbox.start();
    await insert(knex, { topic: 'a' });
    await started.passed;
    let isStopped = false;
    const stopping = outbox.stop().then(() => {
      isStopped = true;
    });
    await insert(knex, { topic: 'b' });
    expect(isStopped).toBe(false);
    go.open();
    await stopping;
    expect(events.topics).toEqual(['a']);
    await expect(knex('callboard_outbox').pluck('topic')).resolves.toEqual([
      'b',
    ]);
  });

  it('is stopped at any time, started or not', async () => {
    const { outbox } = await outboxes.open(id);
    await outbox.stop();
    outbox.start();
    await outbox.stop();
    await outbox.stop();
  });

  it('keeps the order when several relays run at once', async () => {
    const first = await outboxes.open(id);
    const { knex, events } = first;
    const second = await first.openReplica();
    const third = await first.openReplica();
    const topics = Array.from({ length: 3_000 }, (_, index) => `t${index}`);
    const all = [first, second, third];
    all.forEach(({ outbox }) => outbox.start());
    for (let next = 0; next < topics.length; next += 100) {
      await knex.transaction(trx =>
        all[next % 3].outbox.publishAll(
          trx,
          topics
            .slice(next, next + 100)
            .map(topic => ({ topic, eventPayload: { next } })),
        ),
      );
    }
    await events.waitFor(topics.length);
    await Promise.all(all.map(({ outbox }) => outbox.stop()));
    expect(events.topics).toEqual(topics);
  });

  it('keeps the order when relays take turns without asking each other', async () => {
    const first = await outboxes.open(id);
    const { knex, events } = first;
    await insert(knex, { topic: 'a' }, { topic: 'b' });
    // The first relay has read and hangs; all locks of it are lost meanwhile.
    const started = createGate();
    const go = createGate();
    events.before = () => {
      started.open();
      return go.passed;
    };
    const hanging = first.outbox.runOnce().catch(() => 'lost its turn');
    await started.passed;
    if (id === 'POSTGRES_15') {
      await knex.raw(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    }
    events.before = () => {};
    await insert(knex, { topic: 'c' });
    const second = await first.openReplica();
    await second.drain();
    expect(events.topics).toEqual(['a', 'b', 'c']);
    await insert(knex, { topic: 'd' });
    go.open();
    await hanging;
    await second.drain();
    expect(events.topics).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe.each(outboxes.ids)('an outbox with a table of its own on %s', id => {
  /** Beside the one that the plugin and its modules share, with rows that something else writes. */
  async function openTranslated() {
    const { knex, events, outbox: shared } = await outboxes.open(id);
    const logger = mockServices.logger.mock();
    const database = mockServices.database({
      knex,
      migrations: { skip: false },
    });
    const table = 'callboard_changes_outbox';
    const outbox = await Outbox.create({
      database,
      events,
      logger,
      table,
      format: 'raw',
      translate({ key, payload, createdAt }) {
        if (payload === 'nothing') {
          return undefined;
        }
        if (payload === 'broken') {
          throw new Error('cannot be told');
        }
        return {
          topic: 'changes',
          eventPayload: { payload, isRecent: createdAt > new Date(0) },
          key: `${key}!`,
        };
      },
    });
    const write = async (payload: unknown) => {
      await knex(table).insert({
        topic: 'raw',
        key: 'k',
        payload: JSON.stringify(payload),
      });
    };
    return { knex, events, shared, outbox, database, table, write };
  }

  it('publishes what is made of its rows, under their ids, and leaves the other alone', async () => {
    const { knex, events, shared, outbox, table, write } =
      await openTranslated();
    await insert(knex, { topic: 'a' });
    await write('one');
    await write('nothing');
    await write('broken');
    await write('two');
    const rows = await knex(table).orderBy('place').select('id');
    await expect(outbox.runOnce()).resolves.toMatchObject({
      outcome: 'relayed',
      published: 2,
      refused: 1,
    });
    expect(events.log).toMatchObject([
      { topic: 'changes', eventPayload: { payload: 'one', isRecent: true } },
      { topic: 'changes', eventPayload: { payload: 'two', isRecent: true } },
    ]);
    expect(events.log.map(event => describeEvent(event))).toMatchObject([
      { id: rows[0].id, key: 'k!' },
      { id: rows[3].id, key: 'k!' },
    ]);
    await expect(knex(table)).resolves.toEqual([]);
    await expect(knex(`${table}_refused`)).resolves.toMatchObject([
      { id: rows[2].id, error: 'Error: cannot be told' },
    ]);
    await expect(knex('callboard_outbox')).resolves.toHaveLength(1);
    await expect(shared.runOnce()).resolves.toMatchObject({ published: 1 });
  });

  it('leaves a row of another version where it is, with all that is behind it', async () => {
    const { knex, events, outbox, table, write } = await openTranslated();
    await write('one');
    // Nothing else may be as this version knows it.
    await knex(table).insert({ topic: 'raw.2', payload: 'no JSON' });
    await write('two');
    await expect(outbox.runOnce()).resolves.toMatchObject({ published: 1 });
    await expect(outbox.runOnce()).rejects.toThrow(
      "The next row of callboard_changes_outbox has the format 'raw.2', which this version does not know",
    );
    await expect(knex(table)).resolves.toHaveLength(2);
    // The next version relays it.
    await knex(table).where({ topic: 'raw.2' }).delete();
    await expect(outbox.runOnce()).resolves.toMatchObject({ published: 1 });
    expect(events.log.map(({ eventPayload }) => eventPayload)).toMatchObject([
      { payload: 'one' },
      { payload: 'two' },
    ]);
  });

  it('is removed with everything that belongs to it, and may be removed twice', async () => {
    const { knex, database, table } = await openTranslated();
    for (let round = 0; round < 2; round += 1) {
      await Outbox.drop({ database, table });
      await expect(knex.schema.hasTable(table)).resolves.toBe(false);
      await expect(knex.schema.hasTable(`${table}_refused`)).resolves.toBe(
        false,
      );
      await expect(
        knex.schema.hasTable(`${table}_knex_migrations`),
      ).resolves.toBe(false);
      await expect(knex.schema.hasTable('callboard_outbox')).resolves.toBe(
        true,
      );
    }
  });

  it('has a name that needs no quotes', async () => {
    const { database, events } = await openTranslated();
    const create = Outbox.create({
      database,
      events,
      logger: mockServices.logger.mock(),
      table: 'a"b',
    });
    await expect(create).rejects.toThrow('small letters and underscores');
  });
});
