import { createTestStores } from '../__testUtils__/stores';
import { newEventId } from '../model/eventId';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();

function makeEvent(
  topic: string,
  fields: { id?: string; deduplicationId?: string } = {},
) {
  const payload = JSON.stringify({ topic });
  return {
    id: fields.id ?? newEventId(),
    topic,
    key: undefined,
    deduplicationId: fields.deduplicationId,
    payload,
    metadata: '{}',
    size: Buffer.byteLength(payload),
  };
}

describe.each(stores.ids)('SqlEventLog on %s', storeId => {
  it('gives positions in the order of appends', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const first = await log.append([makeEvent('a'), makeEvent('b')]);
    const second = await log.append([makeEvent('a')]);
    expect([...first, ...second]).toEqual([
      { appended: true, position: 1 },
      { appended: true, position: 2 },
      { appended: true, position: 3 },
    ]);
    const slice = await log.readAfter(1, {}, { events: 10, bytes: 1_000 });
    expect(slice.events.map(({ position }) => position)).toEqual([2, 3]);
    expect(slice).toMatchObject({ upTo: 3, tail: 3 });
  });
});
