import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import { makeEvent } from '../__testUtils__/makeEvent';
import { createTestStores } from '../__testUtils__/stores';
import type { EventListing } from './operations/listEvents';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();

describe.each(stores.ids)('trimming the log on %s', storeId => {
  async function openLog(count: number) {
    const log = new SqlEventLog(await stores.open(storeId));
    await log.append(Array.from({ length: count }, () => makeEvent('a')));
    return log;
  }

  async function readPositions(log: SqlEventLog) {
    const { events } = await log.readAfter(0, {}, { events: 99, bytes: 9_999 });
    return events.map(({ position }) => position);
  }

  it('removes the oldest events and moves the head behind them', async () => {
    const log = await openLog(5);
    await expect(log.trim(3, 100)).resolves.toBe(3);
    await expect(readPositions(log)).resolves.toEqual([4, 5]);
    await expect(log.ends()).resolves.toEqual({ head: 3, tail: 5 });
  });

  it('removes no more than the limit at once', async () => {
    const log = await openLog(5);
    await expect(log.trim(4, 3)).resolves.toBe(3);
    await expect(log.ends()).resolves.toMatchObject({ head: 3 });
    await expect(log.trim(4, 3)).resolves.toBe(1);
    await expect(log.trim(4, 3)).resolves.toBe(0);
    await expect(log.ends()).resolves.toEqual({ head: 4, tail: 5 });
  });

  it('moves the head before events go, so that a reader sees that there is a gap', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    await log.append(['a', 'a', 'a'].map(topic => makeEvent(topic)));
    const writes: string[] = [];
    const note = ({ sql }: { sql: string }) => {
      const [write] = sql.match(/^(update|delete from)\W+\w+/) ?? [];
      writes.push(...(write ? [write.replace(/\W+/g, ' ')] : []));
    };
    store.knex.on('query', note);
    await log.trim(2, 100);
    store.knex.removeListener('query', note);
    expect(writes).toEqual([
      'update callboard_log',
      'delete from callboard_events',
      'delete from callboard_contents',
    ]);
    await expect(
      log.readAfter(0, {}, { events: 9, bytes: 999 }),
    ).resolves.toMatchObject({ head: 2, tail: 3, upTo: 3 });
  });

  it('removes in the end what a crash has left before the head', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    await log.append([makeEvent('a'), makeEvent('a'), makeEvent('a')]);
    await store.knex('callboard_log').update({ head: 1 });
    await expect(log.trim(2, 100)).resolves.toBe(1);
    await expect(log.trim(2, 100)).resolves.toBe(1);
    await expect(log.trim(2, 100)).resolves.toBe(0);
    await expect(readPositions(log)).resolves.toEqual([3]);
    await expect(
      store.knex('callboard_contents').pluck('position'),
    ).resolves.toHaveLength(1);
  });

  it('never moves the head back', async () => {
    const log = await openLog(5);
    await log.trim(4, 100);
    await expect(log.trim(2, 100)).resolves.toBe(0);
    await expect(log.ends()).resolves.toMatchObject({ head: 4 });
  });
});

describe.each(stores.ids)('listing the log on %s', storeId => {
  /** Six events, a second apart from second 1 on. */
  async function openLog() {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    const events: NewEvent[] = [
      makeEvent('a', { key: 'x' }),
      makeEvent('b', { key: 'x' }),
      makeEvent('a', { key: 'y' }),
      makeEvent('a'),
      makeEvent('b', { key: 'y' }),
      makeEvent('a', { key: 'x' }),
    ];
    await log.append(events);
    await store
      .knex('callboard_events')
      .update({ time: store.knex.raw('position * 1000') });
    return log;
  }

  const all = { limit: 100 };
  it.each<[string, Omit<EventListing, 'order'>, number[]]>([
    ['everything', all, [1, 2, 3, 4, 5, 6]],
    ['a topic', { ...all, topic: 'b' }, [2, 5]],
    ['a key', { ...all, key: 'x' }, [1, 2, 6]],
    ['a topic and a key', { ...all, topic: 'a', key: 'x' }, [1, 6]],
    ['a time and later', { ...all, fromMs: 3_000 }, [3, 4, 5, 6]],
    ['before a time', { ...all, toMs: 3_000 }, [1, 2]],
    ['a span of time', { ...all, fromMs: 1_001, toMs: 4_001 }, [2, 3, 4]],
    ['a time that is to come', { ...all, fromMs: 9_000 }, []],
    [
      'before a time that is to come',
      { ...all, toMs: 9_000, key: 'y' },
      [3, 5],
    ],
    ['a time before the first', { ...all, toMs: 1_000 }, []],
  ])('lists %s, in both orders', async (_, listing, expected) => {
    const log = await openLog();
    const list = async (order: 'asc' | 'desc') => {
      const heads = await log.list({ ...listing, order });
      return heads.map(({ position }) => Number(position));
    };
    await expect(list('asc')).resolves.toEqual(expected);
    await expect(list('desc')).resolves.toEqual([...expected].reverse());
  });

  it('goes on behind the last of a page, in both orders', async () => {
    const log = await openLog();
    const page = async (order: 'asc' | 'desc', after: number) => {
      const heads = await log.list({ order, after, topic: 'a', limit: 2 });
      return heads.map(({ position }) => Number(position));
    };
    await expect(page('asc', 1)).resolves.toEqual([3, 4]);
    await expect(page('desc', 6)).resolves.toEqual([4, 3]);
  });

  it('lists without payloads', async () => {
    const log = await openLog();
    const [head] = await log.list({ order: 'asc', limit: 1 });
    expect(Object.keys(head)).not.toContain('payload');
    expect(head).toMatchObject({ topic: 'a', key: 'x' });
  });

  it('finds the newest event before a time', async () => {
    const log = await openLog();
    await expect(log.positionBefore(3_000)).resolves.toBe(2);
    await expect(log.positionBefore(3_001)).resolves.toBe(3);
    await expect(log.positionBefore(1_000)).resolves.toBe(0);
  });
});
