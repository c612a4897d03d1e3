import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import { createTestStores } from '../__testUtils__/stores';
import type { EndpointAttempt, EndpointOutcome } from './Endpoint';
import { createEndpointPool, makeAttempt } from './__testUtils__/endpointPools';

const stores = createTestStores();

describe.each(stores.ids)('attempts on %s', storeId => {
  const open = async () =>
    createEndpointPool(await stores.openInSchema(storeId));

  it('are read as they were recorded', async () => {
    const { pool } = await open();
    const attempts = [
      makeAttempt(),
      makeAttempt({
        outcome: 'failed',
        reason: 'No answer within 15000 ms',
        status: undefined,
        answer: undefined,
        position: 2 ** 40,
      }),
      makeAttempt({ answer: { headers: {}, body: '', cut: true } }),
    ];
    await pool.recordAttempts(attempts);
    await pool.recordAttempts([]);
    for (const attempt of attempts) {
      await expect(pool.readAttempt(attempt.id)).resolves.toEqual(attempt);
    }
    await expect(pool.readAttempt(newEventId())).resolves.toBeUndefined();
  });

  it('are recorded many at a time, and each once', async () => {
    const { pool, store } = await open();
    const attempts = Array.from({ length: 250 }, () => makeAttempt());
    await pool.recordAttempts(attempts);
    await pool.recordAttempts([
      { ...attempts[7], outcome: 'failed' },
      makeAttempt(),
    ]);
    await expect(pool.readAttempt(attempts[7].id)).resolves.toEqual(
      attempts[7],
    );
    await expect(
      store.knex('callboard_endpoint_attempts').pluck('id'),
    ).resolves.toHaveLength(251);
  });

  it('are recorded whatever the receiver answers', async () => {
    const { pool } = await open();
    const zero = 'a\0b';
    const attempt = makeAttempt({
      reason: zero,
      answer: { headers: { a: zero }, body: zero, cut: false },
    });
    await pool.recordAttempts([attempt]);
    await expect(pool.readAttempt(attempt.id)).resolves.toEqual({
      ...attempt,
      reason: 'a\uFFFDb',
      answer: { headers: { a: zero }, body: 'a\uFFFDb', cut: false },
    });
  });

  it('are listed newest first, by endpoint, event, outcome and time', async () => {
    const { pool } = await open();
    const eventId = newEventId();
    const record = async (name: string, attempt: Partial<EndpointAttempt>) => {
      await pool.recordAttempts([makeAttempt({ topic: name, ...attempt })]);
    };
    await record('a', { startedAtMs: 1_000, eventId });
    await record('b', { startedAtMs: 2_000, outcome: 'failed' });
    await record('c', { startedAtMs: 3_000, endpointId: 'f', eventId });
    await record('d', { startedAtMs: 4_000 });
    const list = async (
      listing: Partial<Parameters<typeof pool.listAttempts>[0]>,
    ) =>
      (await pool.listAttempts({ limit: 50, ...listing })).map(
        ({ topic }) => topic,
      );
    await expect(list({})).resolves.toEqual(['d', 'c', 'b', 'a']);
    await expect(list({ limit: 2 })).resolves.toEqual(['d', 'c']);
    await expect(list({ endpointId: 'e' })).resolves.toEqual(['d', 'b', 'a']);
    await expect(list({ eventId })).resolves.toEqual(['c', 'a']);
    await expect(list({ eventId, endpointId: 'e' })).resolves.toEqual(['a']);
    await expect(list({ outcome: 'failed' })).resolves.toEqual(['b']);
    await expect(list({ fromMs: 2_000, toMs: 4_000 })).resolves.toEqual([
      'c',
      'b',
    ]);
  });

  it('are listed page by page, those of one moment too', async () => {
    const { pool } = await open();
    const attempts = Array.from({ length: 10 }, (_, index) =>
      makeAttempt({ startedAtMs: 1_000 + Math.floor(index / 4) }),
    );
    await pool.recordAttempts(attempts);
    const listed: string[] = [];
    let before: { startedAtMs: number; id: string } | undefined;
    for (;;) {
      const page = await pool.listAttempts({
        endpointId: 'e',
        before,
        limit: 3,
      });
      if (page.length === 0) {
        break;
      }
      listed.push(...page.map(({ id }) => id));
      before = page.at(-1);
    }
    // Their ids are in the order in which they were made.
    expect(listed).toEqual(attempts.map(({ id }) => id).toReversed());
  });

  it('are listed without requests and answers, which may be long', async () => {
    const { pool } = await open();
    const { request: _, answer: __, ...head } = makeAttempt();
    await pool.recordAttempts([makeAttempt(head)]);
    await expect(
      pool.listAttemptHeads({ eventId: head.eventId, limit: 5 }),
    ).resolves.toEqual([head]);
  });

  it('that cannot be read take no other down', async () => {
    const { pool, store, unreadable } = await open();
    const [first, second] = [makeAttempt(), makeAttempt()];
    await pool.recordAttempts([first, second]);
    await store
      .knex('callboard_endpoint_attempts')
      .where({ id: first.id })
      .update({ outcome: 'bounced' });
    await expect(pool.listAttempts({ limit: 5 })).resolves.toEqual([second]);
    await expect(pool.listAttemptHeads({ limit: 5 })).resolves.toMatchObject([
      { id: second.id },
    ]);
    expect(unreadable).toHaveLength(2);
  });

  it('are removed by age, the oldest first, so many at a time', async () => {
    const { pool } = await open();
    const now = Date.now();
    const day = 86_400_000;
    await pool.recordAttempts(
      [5, 4, 3, 1].map(days => makeAttempt({ startedAtMs: now - days * day })),
    );
    await expect(pool.removeAttempts(2 * day, 2)).resolves.toBe(2);
    const left = await pool.listAttempts({ limit: 5 });
    expect(left.map(each => each.startedAtMs)).toEqual([
      now - day,
      now - 3 * day,
    ]);
    await expect(pool.removeAttempts(2 * day, 2)).resolves.toBe(1);
    await expect(pool.removeAttempts(2 * day, 2)).resolves.toBe(0);
  });

  it('are summed up', async () => {
    const { pool } = await open();
    const outcomes: EndpointOutcome[] = [
      'gone',
      'delivered',
      'failed',
      'delivered',
      'cancelled',
    ];
    await pool.recordAttempts([
      ...outcomes.map((outcome, index) =>
        makeAttempt({
          outcome,
          startedAtMs: 1_000 * (index + 1),
          durationMs: 10 * (index + 1),
        }),
      ),
      makeAttempt({ endpointId: 'f', startedAtMs: 9_000 }),
    ]);
    await expect(pool.summarizeAttempts('e', 1_001)).resolves.toEqual({
      attempts: 4,
      delivered: 2,
      p50Ms: 30,
      p95Ms: 50,
      lastDeliveredAtMs: 4_000,
      lastFailedAtMs: 3_000,
      capped: false,
    });
    // What came before tells of the last times still.
    await expect(pool.summarizeAttempts('e', 9_999)).resolves.toEqual({
      attempts: 0,
      delivered: 0,
      p50Ms: undefined,
      p95Ms: undefined,
      lastDeliveredAtMs: 4_000,
      lastFailedAtMs: 3_000,
      capped: false,
    });
    await expect(pool.summarizeAttempts('g', 0)).resolves.toMatchObject({
      lastDeliveredAtMs: undefined,
      lastFailedAtMs: undefined,
    });
  });

  it('are summed up to ten thousand, the newest', async () => {
    const { pool, store } = await open();
    const attempt = makeAttempt();
    await pool.recordAttempts([{ ...attempt, startedAtMs: 1 }]);
    const id =
      storeId === 'POSTGRES_15'
        ? 'gen_random_uuid()'
        : 'lower(hex(randomblob(16)))';
    await store.knex.raw(`
      WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10000)
      INSERT INTO callboard_endpoint_attempts
        (id, endpoint_id, message_id, event_id, position, topic, number, started_at, duration_ms, outcome, reason, url,
          request_headers, request_bytes)
      SELECT ${id}, endpoint_id, message_id, event_id, position, topic, number, 1 + n, n, 'failed', reason, url,
        request_headers, request_bytes
      FROM callboard_endpoint_attempts, counted`);
    await expect(pool.summarizeAttempts('e', 0)).resolves.toEqual({
      attempts: 10_000,
      delivered: 0,
      p50Ms: 5_000,
      p95Ms: 9_500,
      lastDeliveredAtMs: 1,
      lastFailedAtMs: 10_001,
      capped: true,
    });
  });
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'recording attempts on %s',
  () => {
    it('does not wait for the disk', async () => {
      const { pool, store } = createEndpointPool(
        await stores.openInSchema('POSTGRES_15'),
      );
      const statements: { sql: string; bindings: string[] }[] = [];
      store.knex.on('query', query => statements.push(query));
      await pool.recordAttempts([makeAttempt()]);
      const [{ sql, bindings }, ...others] = statements;
      expect(others).toEqual([]);
      // What is set within a statement holds until its transaction is committed.
      const waits = await store.knex.transaction(async trx => {
        await trx.raw(sql.replace('$1', '?'), bindings);
        const { rows } = await trx.raw<{
          rows: { synchronous_commit: string }[];
        }>('SHOW synchronous_commit');
        return rows[0].synchronous_commit;
      });
      expect(waits).toBe('off');
    });

    it('takes half a character', async () => {
      const { pool } = createEndpointPool(
        await stores.openInSchema('POSTGRES_15'),
      );
      await pool.recordAttempts([makeAttempt({ reason: 'half \ud83d' })]);
      const [attempt] = await pool.listAttempts({ limit: 1 });
      expect(attempt.reason).toBe('half \uFFFD');
    });
  },
);
