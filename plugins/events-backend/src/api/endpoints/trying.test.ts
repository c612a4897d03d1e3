import { setImmediate } from 'node:timers/promises';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { createTestStores, type StoreId } from '../../__testUtils__/stores';
import {
  newEndpoint,
  startEndpointApi,
  type EndpointApiUnderTest,
} from './__testUtils__/startEndpointApi';

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

const wanted = (isWanted: boolean) =>
  makeEvent('t', { payload: JSON.stringify({ wanted: isWanted }) });

describe.each(stores.ids)('trying an endpoint, on %s', storeId => {
  it('says of the newest events which would be sent, and why not the others, before anything is saved', async () => {
    const api = await start(storeId);
    const events = [
      wanted(true),
      makeEvent('other'),
      wanted(false),
      makeEvent('t', { payload: '{}' }),
      wanted(true),
    ];
    await api.log.append(events);
    const { body } = await api.post('/endpoints/dry-run', {
      ...newEndpoint,
      filter: 'payload.wanted',
      secrets: { headers: { 'x-token': 'hush' } },
      last: 4,
    });
    expect(body.matched).toBe(1);
    expect(body.items).toMatchObject([
      { id: events[4].id, matches: true, reason: null, failed: false },
      { matches: false, reason: expect.stringMatching(/failed/), failed: true },
      { matches: false, reason: 'The filter is false', failed: false },
      {
        topic: 'other',
        matches: false,
        reason: "Topic 'other' is not among t",
      },
    ]);
    expect(body.previews).toEqual([
      {
        messageId: events[4].id,
        url: newEndpoint.url,
        headers: { 'x-token': '***' },
        body: '{"wanted":true}',
        cut: false,
      },
    ]);
    expect(await api.endpoints.list()).toEqual([]);
    expect(api.audited).toEqual([]);
  });

  it('shows the requests of the newest three matches, or one for them where the endpoint takes batches', async () => {
    const api = await start(storeId);
    const events = Array.from({ length: 30 }, () => wanted(true));
    await api.log.append(events);
    await api.create('single');
    await api.create('batch', { batch: { maxEvents: 10 } });
    const newest = events.slice(-3).map(({ id }) => id);
    const single = await api.post('/endpoints/single/dry-run', { last: 30 });
    expect(single.body.matched).toBe(30);
    expect(
      single.body.previews.map(
        ({ messageId }: { messageId: string }) => messageId,
      ),
    ).toEqual(newest.toReversed());
    const batch = await api.post('/endpoints/batch/dry-run');
    expect(batch.body.previews).toMatchObject([
      { messageId: newest.join('+') },
    ]);
  });

  it('reads events by their bytes, and shows the beginning of a request', async () => {
    const api = await start(storeId);
    const large = (bytes: number) =>
      makeEvent('t', {
        payload: JSON.stringify({ wanted: true, text: 'a'.repeat(bytes) }),
      });
    const mebibyte = 1_048_576;
    await api.log.append([large(5 * mebibyte), large(3 * mebibyte)]);
    await api.log.append([large(3 * mebibyte), wanted(true)]);
    await api.create('e');
    const read = jest.spyOn(api.log, 'readPositions');
    const { body } = await api.post('/endpoints/e/dry-run', { last: 4 });
    expect(read.mock.calls).toEqual([[[4, 3]], [[2]], [[1]]]);
    expect(body.matched).toBe(4);
    const [small, ...others] = body.previews;
    expect(small).toMatchObject({ body: '{"wanted":true}', cut: false });
    for (const preview of others) {
      expect(preview.cut).toBe(true);
      expect(preview.body).toHaveLength(64 * 1_024);
    }
  });

  it('says so while the catalog is away, and refuses nothing for it', async () => {
    const api = await start(storeId);
    await api.log.append([wanted(true)]);
    api.door.failure = Object.assign(new Error('The catalog is away'), {
      name: 'CatalogAwayError',
    });
    const { body } = await api.post('/endpoints/dry-run', {
      ...newEndpoint,
      entity: { kind: ['Component'] },
    });
    expect(body.items).toMatchObject([
      { matches: false, reason: 'The catalog is away', failed: true },
    ]);
    expect(body.previews).toEqual([]);
  });

  it('refuses settings that could not be saved', async () => {
    const api = await start(storeId);
    const { status } = await api.post('/endpoints/dry-run', {
      ...newEndpoint,
      url: 'http://10.0.0.1',
    });
    expect(status).toBe(400);
  });

  it('sends a test, and says what became of it', async () => {
    const api = await start(storeId);
    await api.create('e');
    const { body } = await api.post('/endpoints/e/test');
    expect(body).toMatchObject({
      endpointId: 'e',
      topic: 'events.endpoint.test',
      outcome: 'delivered',
      status: 200,
      durationMs: 2,
      request: { url: newEndpoint.url },
      answer: { body: 'OK' },
    });
  });

  it('sends one test at a time to an endpoint, and to others meanwhile', async () => {
    const api = await start(storeId);
    await api.create('e');
    await api.create('f');
    let answer = () => {};
    api.door.answer = new Promise(resolve => {
      answer = resolve;
    });
    const test = (id: string) => api.post(`/endpoints/${id}/test`);
    const under = [test('e'), test('f')];
    while (api.door.tests < 2) {
      await setImmediate();
    }
    const refused = await test('e');
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toMatch(/Wait for its answer/);
    answer();
    const statuses = (await Promise.all(under)).map(({ status }) => status);
    expect(statuses).toEqual([200, 200]);
    expect((await test('e')).status).toBe(200);
  });
});
