import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';
import { untilBlocked } from '../__testUtils__/untilBlocked';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();
const plenty = { events: 1_000, bytes: 1_000_000 };

async function readTopics(log: SqlEventLog): Promise<string[]> {
  const { events } = await log.readAfter(0, {}, plenty);
  return events.map(({ topic }) => topic);
}

describe.each(stores.ids)('appending to the log on %s', storeId => {
  it('gives positions in the order of appends', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const first = await log.append([makeEvent('a'), makeEvent('b')]);
    const second = await log.append([makeEvent('a')]);
    expect([...first, ...second]).toEqual([
      { appended: true, position: 1 },
      { appended: true, position: 2 },
      { appended: true, position: 3 },
    ]);
    await expect(log.ends()).resolves.toEqual({ head: 0, tail: 3 });
    await expect(log.tail()).resolves.toBe(3);
  });

  it('stores an id once, whichever topic it comes with', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const id = newEventId();
    await log.append([makeEvent('a', { id })]);
    await expect(
      log.append([makeEvent('b', { id }), makeEvent('c')]),
    ).resolves.toEqual([
      { appended: false },
      { appended: true, position: expect.any(Number) },
    ]);
    await expect(readTopics(log)).resolves.toEqual(['a', 'c']);
  });

  it('stores an id once within one batch', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const id = newEventId();
    const outcomes = await log.append([
      makeEvent('a', { id }),
      makeEvent('b', { id }),
    ]);
    expect(outcomes.map(({ appended }) => appended)).toEqual([true, false]);
    await expect(readTopics(log)).resolves.toEqual(['a']);
  });

  it('stores a deduplication id once per topic', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const deduplicationId = 'delivery-1';
    const outcomes = [
      ...(await log.append([
        makeEvent('a', { deduplicationId }),
        makeEvent('b', { deduplicationId }),
        makeEvent('a', { deduplicationId }),
      ])),
      ...(await log.append([
        makeEvent('b', { deduplicationId }),
        makeEvent('c', { deduplicationId }),
      ])),
    ];
    expect(outcomes.map(({ appended }) => appended)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    await expect(readTopics(log)).resolves.toEqual(['a', 'b', 'c']);
  });

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

  it('stores any number of events without a deduplication id', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    const batch = Array.from({ length: 5_000 }, () => makeEvent('a'));
    const outcomes = await log.append(batch);
    expect(outcomes.every(({ appended }) => appended)).toBe(true);
    const { events } = await log.readAfter(
      0,
      {},
      { events: 5_000, bytes: 1e9 },
    );
    expect(events.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
  });

  it('appends a batch whole or not at all', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    await store.knex.raw(
      storeId === 'SQLITE_FILE'
        ? `CREATE TRIGGER refusal BEFORE INSERT ON callboard_events WHEN NEW.topic = 'refused'
           BEGIN SELECT RAISE(ABORT, 'refusal'); END`
        : `ALTER TABLE callboard_events ADD CONSTRAINT refusal CHECK (topic <> 'refused')`,
    );
    await log.append([makeEvent('before')]);
    // Not toThrow: better-sqlite3 makes its errors in the realm of the first test file of the process, which Jest
    // does not take for errors in the next.
    await expect(
      log.append([makeEvent('a'), makeEvent('refused'), makeEvent('b')]),
    ).rejects.toMatchObject({ message: expect.stringContaining('refusal') });
    await expect(log.tail()).resolves.toBe(1);
    await log.append([makeEvent('after')]);
    await expect(readTopics(log)).resolves.toEqual(['before', 'after']);
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

  it('lets two replicas append at once without a loss', async () => {
    const store = await stores.open(storeId);
    const logs = [store, stores.openReplica(store)].map(
      each => new SqlEventLog(each),
    );
    const batches = Array.from({ length: 40 }, (_, index) => [
      makeEvent(`t${index}`),
      makeEvent(`t${index}`),
    ]);
    const appending = Promise.all(
      batches.map((batch, index) => logs[index % 2].append(batch)),
    );
    // Reads on behind what it has seen, as a subscription does, while the appends are under way.
    const seen: string[] = [];
    let cursor = 0;
    const reader = logs[1];
    while (seen.length < 80) {
      const slice = await reader.readAfter(cursor, {}, plenty);
      seen.push(...slice.events.map(({ id }) => id));
      cursor = slice.upTo;
    }
    const outcomes = (await appending).flat();
    expect(new Set(seen)).toEqual(new Set(batches.flat().map(({ id }) => id)));
    expect(outcomes.every(({ appended }) => appended)).toBe(true);
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
      await untilBlocked(store, 'INSERT INTO callboard_events');
      const earlyAppend = early.append([makeEvent('early')]);
      await untilBlocked(store, 'INSERT INTO callboard_events', 2);

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
