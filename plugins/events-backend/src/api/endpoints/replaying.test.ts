import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { expectBatch, failed } from '../../__testUtils__/pools';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import {
  declare,
  makeSettings,
} from '../../endpoints/__testUtils__/endpointPools';
import {
  startEndpointApi,
  type EndpointApiUnderTest,
} from './__testUtils__/startEndpointApi';

const stores = createTestStores();
const running: EndpointApiUnderTest[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(api => api.stop()));
});

/** Three events, two of them of a topic that the endpoint `e` wants; it has read them all. */
async function start(storeId: StoreId) {
  const api = await startEndpointApi(await stores.openInSchema(storeId));
  running.push(api);
  const events = [
    makeEvent('t', { key: 'k' }),
    makeEvent('other'),
    makeEvent('t'),
  ];
  await api.log.append(events);
  await api.create('e');
  return { ...api, events };
}

describe.each(stores.ids)(
  'sending an endpoint events again, on %s',
  storeId => {
    it('owes one event, of a topic that it does not want as well', async () => {
      const api = await start(storeId);
      for (const { id, topic } of api.events.slice(0, 2)) {
        const { status, body } = await api.post('/endpoints/e/redeliver', {
          eventId: id,
        });
        expect(status).toBe(202);
        expect(body).toEqual({
          eventId: id,
          owed: true,
          explanation:
            'It is owed again, and sent behind what is owed with its key',
        });
        expect(api.notified).toContain(topic);
      }
      expect(await api.readDeliveries()).toEqual([
        [1, 'due', 0],
        [2, 'due', 0],
      ]);
    });

    it('owes an event once, and leaves one that comes by itself to its cursor', async () => {
      const api = await start(storeId);
      const coming = makeEvent('t');
      await api.log.append([coming]);
      const redeliver = async (eventId: string) => {
        const { body } = await api.post('/endpoints/e/redeliver', { eventId });
        return body;
      };
      await redeliver(api.events[0].id);
      expect(await redeliver(api.events[0].id)).toMatchObject({ owed: false });
      expect(await redeliver(coming.id)).toMatchObject({
        owed: false,
        explanation: expect.stringMatching(/comes by itself/),
      });
      expect(await api.readDeliveries()).toEqual([[1, 'due', 0]]);
    });

    it('lets an event be due at once that waits for its next attempt', async () => {
      const api = await start(storeId);
      const { id } = api.events[0];
      await api.post('/endpoints/e/redeliver', { eventId: id });
      const hour = 3_600_000;
      await api.store
        .knex('callboard_deliveries')
        .update({ due_at: Date.now() + hour, attempts: 1 });
      const { body } = await api.post('/endpoints/e/redeliver', {
        eventId: id,
      });
      expect(body).toMatchObject({
        owed: false,
        explanation: expect.stringContaining('is due at once now'),
      });
      const [{ due_at }] = await api.store.knex('callboard_deliveries');
      expect(Number(due_at)).toBeLessThan(Date.now() + hour / 2);
    });

    it('says why nothing can be sent, wherever somebody looks', async () => {
      const api = await start(storeId);
      api.door.sendingProblem = 'Its secrets cannot be opened';
      const reason = 'Nothing can be sent to it: Its secrets cannot be opened';
      const [{ id }] = api.events;
      const { body: redelivered } = await api.post('/endpoints/e/redeliver', {
        eventId: id,
      });
      expect(redelivered).toMatchObject({
        explanation: expect.stringContaining(reason),
      });
      const { body: health } = await api.get('/endpoints/e/health');
      expect(health).toMatchObject({ problem: 'Its secrets cannot be opened' });
      const { body: event } = await api.get(`/endpoints/e/events/${id}`);
      expect(event).toMatchObject({
        explanation: expect.stringContaining(reason),
      });
      const { status } = await api.post('/endpoints/e/test', {});
      expect(status).toBe(409);
      expect(api.door.tests).toBe(0);
    });

    it('owes an event that is still to be read and that the endpoint would pass over', async () => {
      const api = await start(storeId);
      await api.create('picky', { filter: 'payload.wanted' });
      const coming = makeEvent('t', { payload: '{"wanted":false}' });
      await api.log.append([coming]);
      const { body } = await api.post('/endpoints/picky/redeliver', {
        eventId: coming.id,
      });
      expect(body.owed).toBe(true);
    });

    it('owes one of the configuration nothing that it does not choose there', async () => {
      const api = await start(storeId);
      const settings = makeSettings({ topics: ['t'] });
      const entity = makeSettings({
        topics: ['t'],
        entity: { kind: ['Component'] },
      });
      await api.endpoints.reconcile([
        declare('declared', { settings }),
        declare('about', { settings: entity }),
      ]);
      for (const id of ['declared', 'about']) {
        await api.subscriptions.register(`webhook:${id}`, ['t']);
      }
      const redeliver = (id: string, index: number) =>
        api.post(`/endpoints/${id}/redeliver`, {
          eventId: api.events[index].id,
        });
      const chosen = await redeliver('declared', 0);
      expect([chosen.status, chosen.body.owed]).toEqual([202, true]);
      const other = await redeliver('declared', 1);
      expect(other.status).toBe(409);
      expect(other.body.error.message).toMatch(
        /Topic 'other' is not among t.*under events\.webhooks\.endpoints\.declared/,
      );
      api.door.failure = Object.assign(new Error('The catalog is away'), {
        name: 'CatalogAwayError',
      });
      const unknown = await redeliver('about', 0);
      expect(unknown.status).toBe(503);
      expect(await api.readDeliveries()).toEqual([[1, 'due', 0]]);
    });

    it('says so when nothing is sent until the endpoint is resumed', async () => {
      const api = await start(storeId);
      await api.post('/endpoints/e/pause', { reason: 'upgrade' });
      const { body } = await api.post('/endpoints/e/redeliver', {
        eventId: api.events[0].id,
      });
      expect(body).toMatchObject({
        owed: true,
        explanation: expect.stringMatching(/paused by user:default\/caller/),
      });
    });

    it('refuses events that are not there, or are tried once', async () => {
      const api = await start(storeId);
      const brief = makeEvent('ephemeral');
      await api.log.append([brief]);
      const redeliver = async (eventId: string) => {
        const { status } = await api.post('/endpoints/e/redeliver', {
          eventId,
        });
        return status;
      };
      expect(await redeliver(newEventId())).toBe(404);
      expect(await redeliver(brief.id)).toBe(400);
    });

    it('counts the events of a replay, and makes none, in a dry run', async () => {
      const api = await start(storeId);
      const { status, body } = await api.post('/endpoints/e/replays', {
        from: '2000-01-01T00:00:00Z',
        dryRun: true,
      });
      expect(status).toBe(200);
      expect(body).toEqual({
        dryRun: true,
        total: 3,
        wanted: 2,
        explanation: expect.stringMatching(
          /^3 events match the query, 2 of them/,
        ),
      });
      expect((await api.get('/endpoints/e/replays')).body.items).toEqual([]);
    });

    it('makes a replay between two positions, which can be followed and cancelled', async () => {
      const api = await start(storeId);
      const made = await api.post('/endpoints/e/replays', { topic: 't' });
      expect(made.status).toBe(202);
      expect(made.headers.get('location')).toBe(
        `/v1/endpoints/e/replays/${made.body.id}`,
      );
      expect(made.body).toMatchObject({
        endpointId: 'e',
        query: { topic: 't' },
        state: 'running',
        total: 2,
        lookedAt: 0,
        owed: 0,
        place: 0,
        upTo: 3,
        createdBy: 'user:default/caller',
      });
      await api.endpoints.advanceReplay(made.body.id, 0, {
        place: 1,
        lookedAt: 1,
        owed: 1,
      });
      const path = `/endpoints/e/replays/${made.body.id}`;
      const followed = await api.get(path);
      expect(followed.body).toMatchObject({ place: 1, lookedAt: 1, owed: 1 });
      expect((await api.get('/endpoints/e/replays')).body.items).toEqual([
        followed.body,
      ]);
      const cancelled = await api.delete(path);
      expect(cancelled.body.state).toBe('cancelled');
      expect((await api.delete(path)).status).toBe(200);
    });

    it('does not cancel a replay that has ended', async () => {
      const api = await start(storeId);
      const { body } = await api.post('/endpoints/e/replays', { topic: 't' });
      await api.endpoints.advanceReplay(body.id, 0, {
        place: 3,
        lookedAt: 2,
        owed: 2,
        state: 'done',
      });
      const { status } = await api.delete(`/endpoints/e/replays/${body.id}`);
      expect(status).toBe(409);
    });

    it('keeps the replays of an endpoint from those who look at another', async () => {
      const api = await start(storeId);
      await api.create('f');
      const { body } = await api.post('/endpoints/e/replays', { topic: 't' });
      const path = `/endpoints/f/replays/${body.id}`;
      expect((await api.get(path)).status).toBe(404);
      expect((await api.delete(path)).status).toBe(404);
      expect((await api.get('/endpoints/f/replays')).body.items).toEqual([]);
    });

    it('takes events of a time, and none before it or after', async () => {
      const api = await start(storeId);
      const plan = async (query: object) => {
        const { body } = await api.post('/endpoints/e/replays', query);
        return [body.place, body.upTo, body.total];
      };
      expect(await plan({ to: '2000-01-01T00:00:00Z' })).toEqual([0, 0, 0]);
      expect(await plan({ from: '2999-01-01T00:00:00Z' })).toEqual([3, 3, 0]);
      expect(await plan({ key: 'k' })).toEqual([0, 3, 1]);
    });

    it('takes what is dead for the endpoint, whatever it chooses now', async () => {
      const api = await start(storeId);
      await api.log.append([makeEvent('t'), makeEvent('t')]);
      const batch = expectBatch(await api.claim('webhook:e'));
      await api.settle(batch, () => failed);
      await api.store.knex('callboard_deliveries').update({ state: 'dead' });
      await api.patch('/endpoints/e', { topics: ['elsewhere'] });
      const { body } = await api.post('/endpoints/e/replays', {
        state: 'dead',
        dryRun: true,
      });
      expect(body).toMatchObject({ total: 2, wanted: 2 });
      const made = await api.post('/endpoints/e/replays', { state: 'dead' });
      expect(made.body.query).toEqual({ state: 'dead' });
    });

    it('asks for something to go by', async () => {
      const api = await start(storeId);
      for (const request of [{}, { dryRun: true }, { surprise: 1 }]) {
        const { status } = await api.post('/endpoints/e/replays', request);
        expect(status).toBe(400);
      }
    });
  },
);
