import { InputError } from '@backstage/errors';
import { describeEvent, eventMetadata } from '../metadata';
import { createTestOutboxes } from './__testUtils__/createTestOutboxes';

const outboxes = createTestOutboxes();

describe.each(outboxes.ids)('publishing through an outbox on %s', id => {
  it('publishes what a transaction committed, as it was given', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    const eventId = await knex.transaction(trx =>
      outbox.publish(trx, {
        topic: 'a',
        eventPayload: { text: 'é🎭\0', list: [1, null] },
        metadata: { 'x-one': '1', 'x-two': ['2', '3'] },
        key: 'component:default/a',
        correlationId: 'c',
      }),
    );
    await drain();
    expect(events.log).toEqual([
      {
        topic: 'a',
        eventPayload: { text: 'é🎭\0', list: [1, null] },
        metadata: {
          'x-one': '1',
          'x-two': ['2', '3'],
          [eventMetadata.id]: eventId,
          [eventMetadata.key]: 'component:default/a',
          [eventMetadata.correlationId]: 'c',
        },
      },
    ]);
    await expect(knex('callboard_outbox')).resolves.toEqual([]);
  });

  it('publishes nothing before the commit', async () => {
    const { knex, outbox, events, drain, openReplica } = await outboxes.open(
      id,
    );
    const trx = await knex.transaction();
    await outbox.publish(trx, { topic: 'a', eventPayload: 1 });
    if (id === 'POSTGRES_15') {
      const replica = await openReplica();
      await replica.drain();
      expect(events.log).toEqual([]);
    }
    await trx.commit();
    await drain();
    expect(events.topics).toEqual(['a']);
  });

  it('publishes nothing of what was rolled back, to a savepoint either', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    const failing = knex.transaction(async trx => {
      await outbox.publish(trx, { topic: 'rolled back', eventPayload: 1 });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await knex.transaction(async trx => {
      await outbox.publish(trx, { topic: 'before', eventPayload: 1 });
      const nested = trx.transaction(async savepoint => {
        await outbox.publish(savepoint, { topic: 'undone', eventPayload: 1 });
        throw new Error('no');
      });
      await expect(nested).rejects.toThrow('no');
      await trx.transaction(savepoint =>
        outbox.publish(savepoint, { topic: 'nested', eventPayload: 1 }),
      );
      await outbox.publish(trx, { topic: 'after', eventPayload: 1 });
    });
    await drain();
    expect(events.topics).toEqual(['before', 'nested', 'after']);
  });

  it('keeps the order in which one transaction published', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    const topics = Array.from({ length: 1_200 }, (_, index) => `t${index}`);
    const make = (topic: string) => ({ topic, eventPayload: null });
    await knex.transaction(async trx => {
      await outbox.publishAll(trx, topics.slice(0, 900).map(make));
      for (const topic of topics.slice(900, 1_000)) {
        await outbox.publish(trx, make(topic));
      }
      await outbox.publishAll(trx, topics.slice(1_000).map(make));
      await expect(outbox.publishAll(trx, [])).resolves.toEqual([]);
    });
    await drain();
    expect(events.topics).toEqual(topics);
  });

  it('takes the id that it is given, and derives one for an event made from another', async () => {
    const { knex, outbox } = await outboxes.open(id);
    const given = '018f3a6e-0000-7000-8000-000000000000';
    const ids = await knex.transaction(trx =>
      outbox.publishAll(trx, [
        { topic: 'a', eventPayload: 1, id: given.toUpperCase() },
        { topic: 'a', eventPayload: 1 },
      ]),
    );
    expect(ids[0]).toBe(given);
    expect(ids[1]).not.toBe(given);
    const metadata = {
      [eventMetadata.id]: given,
      [eventMetadata.topic]: 'a',
    };
    const derive = (topic: string) =>
      knex.transaction(trx =>
        outbox.publish(trx, { topic, eventPayload: 1, metadata }),
      );
    const derived = await derive('a.part');
    expect(derived).not.toBe(given);
    await expect(derive('a.part')).resolves.toBe(derived);
  });

  it('ties an event made from another to it', async () => {
    const { knex, outbox, events, drain } = await outboxes.open(id);
    const first = '018f3a6e-0000-7000-8000-000000000000';
    await knex.transaction(trx =>
      outbox.publish(trx, {
        topic: 'a.part',
        eventPayload: 1,
        metadata: {
          [eventMetadata.id]: first,
          [eventMetadata.topic]: 'a',
          [eventMetadata.attempt]: '3',
        },
      }),
    );
    await drain();
    expect(describeEvent(events.log[0])).toMatchObject({
      correlationId: first,
      attempt: undefined,
    });
  });

  it('refuses what the log would refuse, before anything is written', async () => {
    const { knex, outbox } = await outboxes.open(id, 1_000);
    await knex.transaction(async trx => {
      for (const event of [
        { topic: '', eventPayload: 1 },
        { topic: 'a', eventPayload: 'x'.repeat(1_000) },
        { topic: 'a', eventPayload: 1n },
        { topic: 'a', eventPayload: 1, key: 'k'.repeat(1_025) },
        { topic: 'a', eventPayload: 1, id: '7' },
        {
          topic: 'a',
          eventPayload: 1,
          metadata: { 'x-large': 'x'.repeat(65_000) },
        },
      ]) {
        await expect(outbox.publish(trx, event)).rejects.toThrow(InputError);
      }
      const tooMany = Array.from({ length: 1_001 }, () => ({
        topic: 'a',
        eventPayload: 1,
      }));
      await expect(outbox.publishAll(trx, tooMany)).rejects.toThrow(InputError);
      await expect(trx('callboard_outbox')).resolves.toEqual([]);
    });
  });

  it('refuses to publish without a transaction', async () => {
    const { knex, outbox } = await outboxes.open(id);
    await expect(
      // What plain JavaScript could pass.
      outbox.publish(Object(knex), { topic: 'a', eventPayload: 1 }),
    ).rejects.toThrow(InputError);
  });
});
