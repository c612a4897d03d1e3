import type { EndpointOutcome } from '../../endpoints';
import { makeAttempt } from '../../endpoints/__testUtils__/endpointPools';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { expectBatch, failed } from '../../__testUtils__/pools';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import {
  denied,
  startEndpointApi,
  type EndpointApiUnderTest,
} from './__testUtils__/startEndpointApi';
import { toInstant } from './endpointViews';

const stores = createTestStores();
const running: EndpointApiUnderTest[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(api => api.stop()));
});

async function start(storeId: StoreId) {
  const api = await startEndpointApi(await stores.openInSchema(storeId));
  running.push(api);
  return api;
}

describe.each(stores.ids)('looking after an endpoint, on %s', storeId => {
  it('shows its attempts page by page, by event, outcome and time', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.create('f');
    const firstMs = Date.now();
    const outcomes: EndpointOutcome[] = ['failed', 'delivered', 'throttled'];
    const attempts = outcomes.map((outcome, number) =>
      makeAttempt({ outcome, startedAtMs: firstMs + 1_000 * number }),
    );
    await api.endpoints.recordAttempts([
      ...attempts,
      // Of an endpoint that had the same id.
      makeAttempt({ startedAtMs: 1_000 }),
      makeAttempt({ endpointId: 'f' }),
    ]);
    const list = async (query: string) => {
      const { body } = await api.get(`/endpoints/e/attempts?${query}`);
      return {
        ids: body.items.map(({ id }: { id: string }) => id),
        next: body.nextCursor,
      };
    };
    const ids = attempts.map(({ id }) => id).toReversed();
    const first = await list('limit=2');
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(await list(`limit=2&cursor=${first.next}`)).toEqual({
      ids: ids.slice(2),
      next: undefined,
    });
    expect((await list('outcome=throttled')).ids).toEqual([ids[0]]);
    expect((await list(`eventId=${attempts[0].eventId}`)).ids).toEqual([
      ids[2],
    ]);
    expect(
      (
        await list(
          `from=${toInstant(firstMs + 1_000)}&to=${toInstant(firstMs + 2_000)}`,
        )
      ).ids,
    ).toEqual([ids[1]]);
    expect((await api.get('/endpoints/e/attempts?cursor=x')).status).toBe(400);
  });

  it('shows one attempt whole, and none of another endpoint', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.create('f');
    const attempt = makeAttempt({ startedAtMs: Date.now() });
    await api.endpoints.recordAttempts([attempt]);
    const { body } = await api.get(`/endpoints/e/attempts/${attempt.id}`);
    expect(body).toMatchObject({
      id: attempt.id,
      request: attempt.request,
      answer: attempt.answer,
    });
    const { status } = await api.get(`/endpoints/f/attempts/${attempt.id}`);
    expect(status).toBe(404);
  });

  it('shows no attempt of an endpoint that had the same id before', async () => {
    const api = await start(storeId);
    await api.create('e');
    const event = makeEvent('t', { payload: '{"wanted":false}' });
    await api.log.append([event]);
    const attempt = makeAttempt({ eventId: event.id, startedAtMs: 1_000 });
    await api.endpoints.recordAttempts([attempt]);
    const one = await api.get(`/endpoints/e/attempts/${attempt.id}`);
    expect(one.status).toBe(404);
    const alone = await api.get(`/endpoints/e/events/${event.id}`);
    expect(alone.body).toMatchObject({ status: 'waiting', attempts: [] });
    const among = await api.get(`/events/${event.id}`);
    expect(among.body.recipients).toMatchObject([
      { status: 'waiting', attempts: [] },
    ]);
  });

  it('says how it fares', async () => {
    const api = await start(storeId);
    await api.create('e');
    const quiet = await api.get('/endpoints/e/health');
    expect(quiet.body).toEqual({
      state: 'active',
      problem: null,
      breaker: { state: 'closed', until: null },
      window: '24h',
      attempts: 0,
      successRate: null,
      p50Ms: null,
      p95Ms: null,
      lag: 0,
      owed: { due: 0, blocked: 0, claimed: 0, dead: 0 },
      lastDeliveredAt: null,
      lastFailedAt: null,
      lastError: null,
    });

    await api.log.append([
      makeEvent('t', { key: 'k' }),
      makeEvent('t', { key: 'k' }),
    ]);
    await api.settle(expectBatch(await api.claim('webhook:e')), () => failed);
    await api.log.append([makeEvent('t')]);
    const now = Date.now();
    await api.endpoints.recordAttempts([
      makeAttempt({ startedAtMs: now - 3_000, outcome: 'failed' }),
      makeAttempt({ startedAtMs: now - 2_000 }),
      makeAttempt({ startedAtMs: now - 25 * 3_600_000 }),
    ]);
    const kept = await api.endpoints.readHealth('e');
    await api.endpoints.replaceHealth('e', kept?.version, {
      state: 'open',
      untilMs: 60_000,
    });
    const busy = await api.get('/endpoints/e/health');
    expect(busy.body).toMatchObject({
      breaker: { state: 'open', until: '1970-01-01T00:01:00.000Z' },
      attempts: 2,
      successRate: 0.5,
      p50Ms: 10,
      lag: 1,
      owed: { due: 1, blocked: 1 },
      lastDeliveredAt: new Date(now - 2_000).toISOString(),
      lastFailedAt: new Date(now - 3_000).toISOString(),
      lastError: 'boom',
    });
  });

  it('says why an event was sent to it, or was not', async () => {
    const api = await start(storeId);
    const early = makeEvent('t', { payload: '{"wanted":true}' });
    await api.log.append([early]);
    await api.create('e', { filter: 'payload.wanted' });
    const other = makeEvent('other');
    const unwanted = makeEvent('t', { payload: '{"wanted":false}' });
    const sent = makeEvent('t', { payload: '{"wanted":true}' });
    const next = makeEvent('t', { payload: '{"wanted":true}' });
    await api.log.append([other, unwanted, sent]);
    await api.settle(expectBatch(await api.claim('webhook:e')));
    await api.log.append([next]);
    const attempt = makeAttempt({
      eventId: sent.id,
      position: 4,
      startedAtMs: Date.now(),
    });
    await api.endpoints.recordAttempts([attempt]);
    const explain = async ({ id }: { id: string }) => {
      const { body } = await api.get(`/endpoints/e/events/${id}`);
      return body;
    };
    expect(await explain(early)).toMatchObject({
      status: 'not-wanted',
      explanation: expect.stringMatching(/only since after this event/),
      selection: { matches: true, reason: null },
    });
    expect(await explain(other)).toMatchObject({
      status: 'not-wanted',
      selection: { matches: false, reason: "Topic 'other' is not among t" },
    });
    expect(await explain(unwanted)).toMatchObject({
      status: 'not-wanted',
      explanation: 'The filter is false',
    });
    expect(await explain(sent)).toMatchObject({
      status: 'delivered',
      attempts: [{ id: attempt.id }],
    });
    expect(await explain(next)).toMatchObject({
      status: 'waiting',
      dueAt: null,
      attempts: [],
    });
    await api.post('/endpoints/e/redeliver', { eventId: other.id });
    expect(await explain(other)).toMatchObject({
      status: 'due',
      dueAt: expect.any(String),
    });
    const { id: missing } = makeEvent('t');
    const gone = await api.get(`/endpoints/e/events/${missing}`);
    expect(gone.status).toBe(404);
    expect(gone.body.error.message).toContain(`attempts?eventId=${missing}`);
  });

  it('shows endpoints among the recipients of an event as they chose it', async () => {
    const api = await start(storeId);
    await api.create('all', { topics: ['**'] });
    await api.create('elsewhere', { topics: ['other.*'] });
    await api.create('picky', { filter: 'payload.wanted' });
    const event = makeEvent('t', { payload: '{"wanted":false}' });
    await api.log.append([event]);
    for (const id of ['all', 'picky']) {
      await api.settle(expectBatch(await api.claim(`webhook:${id}`)));
    }
    const startedAtMs = Date.now();
    await api.endpoints.recordAttempts([
      makeAttempt({ endpointId: 'all', eventId: event.id, startedAtMs }),
    ]);
    const shown = await api.get(`/events/${event.id}`);
    expect(shown.body).toMatchObject({
      explanation: 'Delivered to 1 of 1 subscriptions',
      recipients: [
        {
          subscriptionId: 'webhook:all',
          status: 'delivered',
          attempts: [
            {
              number: 1,
              time: toInstant(startedAtMs + 10),
              outcome: 'delivered',
              durationMs: 10,
              error: null,
            },
          ],
        },
        {
          subscriptionId: 'webhook:picky',
          status: 'not-wanted',
          explanation: 'The filter is false',
          attempts: [],
        },
      ],
    });
    await api.delete('/endpoints/all');
    expect((await api.get(`/events/${event.id}`)).body.explanation).toMatch(
      /^Nobody wanted it: .* no endpoint chooses it$/,
    );
    api.decisions.set('events.endpoint.read', denied);
    const hidden = await api.get(`/events/${event.id}`);
    expect(hidden.body.recipients).toEqual([
      {
        subscriptionId: null,
        status: 'not-wanted',
        explanation: 'An endpoint that you may not see',
        attempts: [],
      },
    ]);
  });

  it('costs nothing to those who may not read deliveries', async () => {
    const api = await start(storeId);
    await api.create('e');
    const [event] = await api.publish(undefined);
    api.decisions.set('events.delivery.read', denied);
    const listed = jest.spyOn(api.endpoints, 'listAttemptHeads');
    const { body } = await api.get(`/events/${event.id}`);
    expect(body.recipients).toBeUndefined();
    expect(body.explanation).toMatch(/events\.delivery\.read/);
    expect(listed).not.toHaveBeenCalled();
  });

  it('shows an endpoint at the topics that its patterns fit', async () => {
    const api = await start(storeId);
    await api.create('e', { topics: ['github.*'] });
    await api.log.append([makeEvent('catalog'), makeEvent('github.push')]);
    const { body } = await api.get('/topics');
    expect(body.items).toMatchObject([
      { topic: 'catalog', subscriptions: [] },
      { topic: 'github.push', subscriptions: ['webhook:e'] },
    ]);
  });

  it('owes endpoints nothing when events are replayed to all who want their topic', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.subscriptions.register('s', ['t']);
    await api.log.append([makeEvent('t')]);
    for (const id of ['s', 'webhook:e']) {
      await api.settle(expectBatch(await api.claim(id)));
    }
    const { body } = await api.post('/replays', { query: { topic: 't' } });
    expect(body).toMatchObject({ events: 1, deliveries: 1 });
    for (const subscriptionId of ['webhook:e', 'webhook:nobody']) {
      const named = await api.post('/replays', {
        query: { topic: 't' },
        subscriptionId,
      });
      expect(named.status).toBe(400);
      expect(named.body.error.message).toContain(
        `use POST /endpoints/${subscriptionId.slice(
          'webhook:'.length,
        )}/replays`,
      );
    }
  });

  it('owes endpoints nothing when what is dead is replayed', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.subscriptions.register('s', ['t']);
    await api.publish('k', 'l');
    for (const id of ['s', 'webhook:e']) {
      await api.settle(expectBatch(await api.claim(id)), () => failed);
    }
    await api.store
      .knex('callboard_deliveries')
      .update({ state: 'dead', attempts: 3 });
    const { body } = await api.post('/replays', { query: { state: 'dead' } });
    expect(body).toMatchObject({ events: 2, deliveries: 2 });
    const states = await api.store
      .knex('callboard_deliveries')
      .orderBy(['subscription_id', 'position'])
      .select('subscription_id', 'state');
    expect(states).toEqual([
      { subscription_id: 's', state: 'due' },
      { subscription_id: 's', state: 'due' },
      { subscription_id: 'webhook:e', state: 'dead' },
      { subscription_id: 'webhook:e', state: 'dead' },
    ]);
  });
});
