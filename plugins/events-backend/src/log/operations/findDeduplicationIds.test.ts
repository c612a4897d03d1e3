import { explainQueries, findScans } from '../../__testUtils__/explainQueries';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { createTestStores } from '../../__testUtils__/stores';
import { SqlEventLog } from '../SqlEventLog';

const stores = createTestStores();

describe.each(stores.ids)('looking for deliveries on %s', storeId => {
  it('finds those of the topic, and no others', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    await log.append([
      makeEvent('github', { deduplicationId: 'one' }),
      makeEvent('github', { deduplicationId: 'two' }),
      makeEvent('github'),
      makeEvent('gitlab', { deduplicationId: 'three' }),
    ]);

    const found = await log.findDeduplicationIds('github', [
      'two',
      'one',
      'three',
      'four',
    ]);
    expect(found.sort()).toEqual(['one', 'two']);
    expect(await log.findDeduplicationIds('github', [])).toEqual([]);
  });

  it('reads no event but these, however many there are', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    const pages = Array.from({ length: 10 }, (_, page) =>
      Array.from({ length: 5_000 }, (__, index) => `delivery-${page}-${index}`),
    );
    for (const page of pages) {
      await log.append(
        page.map(deduplicationId => makeEvent('github', { deduplicationId })),
      );
    }
    await store.knex.raw('ANALYZE');

    const plans = await explainQueries(store, () =>
      log.findDeduplicationIds('github', pages[0].slice(0, 100)),
    );
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain('callboard_events_deduplication_idx');
    expect(findScans(plans[0], 'callboard_events')).toEqual([]);
  });

  it('tells since when nothing was trimmed, from the ends of the log alone', async () => {
    const store = await stores.open(storeId);
    const log = new SqlEventLog(store);
    expect(await log.readCompleteSince()).toBe(0);
    await log.append([makeEvent('a')]);
    await log.append(
      Array.from({ length: 5_000 }, (_, index) =>
        makeEvent('a', { deduplicationId: String(index) }),
      ),
    );
    expect(await log.readCompleteSince()).toBe(0);

    await log.trim(1, 10);
    const [oldest] = await log.readPositions([2]);
    await store.knex.raw('ANALYZE');
    let completeSince: number | undefined;
    const plans = await explainQueries(store, async () => {
      completeSince = await log.readCompleteSince();
    });
    expect(completeSince).toBe(oldest.timeMs);
    expect(findScans(plans[0], 'callboard_events')).toEqual([]);

    await log.trim(5_001, 10_000);
    expect(await log.readCompleteSince()).toBe(oldest.timeMs);
  });
});
