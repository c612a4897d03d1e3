import { explainQueries } from '../../__testUtils__/explainQueries';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { createTestStores } from '../../__testUtils__/stores';
import { appendEvents } from './appendEvents';

const stores = createTestStores();

describe.each(stores.ids)('appending many events on %s', storeId => {
  it('compares no event with each of the others', async () => {
    const store = await stores.open(storeId);
    const events = Array.from({ length: 1_000 }, () => makeEvent('a'));
    const plans = await explainQueries(store, () =>
      appendEvents(store, events),
    );
    expect(plans.join('\n')).not.toContain('Join Filter');
  });

  it('keeps what SQL would read as part of an array', async () => {
    const store = await stores.open(storeId);
    const payload = JSON.stringify({
      text: 'a "quote", {braces}, back\\slash, NULL',
    });
    await appendEvents(store, [
      makeEvent('NULL', {
        payload,
        key: '{"a",b}',
        metadata: '{"a":"\\"\\\\"}',
      }),
      makeEvent('b', { payload: 'null' }),
    ]);
    const rows = await store
      .knex('callboard_events as e')
      .join('callboard_contents as c', 'c.position', 'e.content_position')
      .orderBy('e.position')
      .select('e.topic', 'e.key', 'c.payload', 'c.metadata');
    expect(rows).toEqual([
      { topic: 'NULL', key: '{"a",b}', payload, metadata: '{"a":"\\"\\\\"}' },
      { topic: 'b', key: null, payload: 'null', metadata: '{}' },
    ]);
  });
});
