import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();
const plenty = { events: 1_000, bytes: 1_000_000 };

describe.each(stores.ids)('appending to the log on %s', storeId => {
  it('stores no content for events that it has already', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    const event = makeEvent('a', { deduplicationId: 'd' });
    const subtopic = { ...event, id: newEventId(), topic: 'a.b' };
    await log.append([event]);
    // The sender repeats it, and of the two the subtopic is new.
    await log.append([{ ...event, id: newEventId() }, subtopic]);
    await log.append([event, subtopic]);
    await expect(
      store.knex('callboard_contents').orderBy('position').pluck('position'),
    ).resolves.toEqual(storeId === 'POSTGRES_15' ? ['1', '3'] : [1, 3]);
    await expect(log.readById(subtopic.id)).resolves.toMatchObject({
      payload: event.payload,
    });
  });

  it('never lets the time decrease with the position', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    await log.append([makeEvent('a')]);
    const future = Date.now() + 3_600_000;
    // As after a clock that ran ahead was set back.
    await store.knex('callboard_log').update({ tail_time: future });
    await log.append([makeEvent('b')]);
    const { events } = await log.readAfter(0, {}, plenty);
    expect(events[0].timeMs).toBeLessThan(future);
    expect(events[1].timeMs).toBe(future);
  });
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'a log that replicas share, on %s',
  () => {
    it('does not skip an event whose transaction commits late', async () => {
      const store = await stores.open('POSTGRES_15');
      const late = new SqlEventLog(store);
      const early = new SqlEventLog(stores.openReplica(store));
      const lateEvent = makeEvent('late');

      // The insert of the late append waits for this row, with its position given already.
      const holder = await store.knex.transaction();
      await holder('callboard_events').insert({
        position: 1_000,
        id: lateEvent.id,
        topic: 'held',
        time: 0,
        size: 2,
        content_position: 1_000,
      });
      const lateAppend = late.append([lateEvent]);
      await untilBlocked(store, 'callboard_append');
      const earlyAppend = early.append([makeEvent('early')]);
      await untilBlocked(store, 'callboard_append', 2);

      const meanwhile = await early.readAfter(0, {}, plenty);
      expect(meanwhile).toEqual({ events: [], upTo: 0, tail: 0, head: 0 });

      await holder.rollback();
      await expect(lateAppend).resolves.toEqual([
        { appended: true, position: 1 },
      ]);
      await expect(earlyAppend).resolves.toEqual([
        { appended: true, position: 2 },
      ]);
      const { events } = await early.readAfter(meanwhile.upTo, {}, plenty);
      expect(events.map(({ topic }) => topic)).toEqual(['late', 'early']);
    });
  },
);
