import fc from 'fast-check';
import type { DeliveryPool, DeliveryRow } from '../deliveries';
import { listSeenDeliveries } from './listSeenDeliveries';

type Listing = Parameters<DeliveryPool['list']>[0];

const deliver = (position: number, subscriptionId: string): DeliveryRow => ({
  subscription_id: subscriptionId,
  position,
  event_id: '018f2d4e-0000-7000-8000-000000000001',
  topic: 't',
  key: null,
  size: 1,
  state: 'dead',
  attempts: 1,
  due_at: 0,
  last_error: null,
  updated_at: 0,
});
const maySee = (subscriptionId: string) => !subscriptionId.startsWith('hidden');

/** Deliveries in the order of the pool. */
function poolOf(rows: readonly DeliveryRow[]) {
  return {
    async list({ subscriptionId, after, limit }: Listing) {
      const isBehind = (row: DeliveryRow) =>
        !after ||
        Number(row.position) > after.position ||
        (Number(row.position) === after.position &&
          row.subscription_id > after.subscriptionId);
      return rows
        .filter(
          row =>
            isBehind(row) &&
            (subscriptionId ?? row.subscription_id) === row.subscription_id,
        )
        .slice(0, limit);
    },
  };
}

/** Reads page after page to the end. */
async function readAll(rows: readonly DeliveryRow[], limit: number) {
  const pages: DeliveryRow[][] = [];
  let after: Listing['after'];
  do {
    const { rows: page, next } = await listSeenDeliveries(
      poolOf(rows),
      { after, limit },
      maySee,
    );
    expect(page.length).toBeLessThanOrEqual(limit);
    expect(next?.subscriptionId ?? '').not.toMatch(/hidden/);
    pages.push(page);
    after = next;
  } while (after);
  return pages;
}

/** Some events, each owed to the first so many of four subscriptions. */
const anyDeliveries = fc
  .array(fc.subarray(['a', 'hidden1', 'hidden2', 'z']), { maxLength: 30 })
  .map(events =>
    events.flatMap((subscriptions, index) =>
      subscriptions.map(subscription => deliver(index + 1, subscription)),
    ),
  );

describe('a list of deliveries', () => {
  it('has each of those that the caller may see once, in order, over its pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyDeliveries,
        fc.integer({ min: 1, max: 7 }),
        async (rows, limit) => {
          const pages = await readAll(rows, limit);
          expect(pages.flat()).toEqual(
            rows.filter(row => maySee(row.subscription_id)),
          );
        },
      ),
    );
  });

  it('looks at so many for one page and no more, and names none of the others in its place', async () => {
    const rows = Array.from({ length: 4_500 }, (_, index) =>
      deliver(index + 1, 'hidden'),
    );
    const seen = deliver(4_501, 's');
    const pool = poolOf([...rows, seen]);
    const list = jest.spyOn(pool, 'list');
    const { next } = await listSeenDeliveries(pool, { limit: 1 }, maySee);
    expect(list).toHaveBeenCalledTimes(10);
    expect(next).toEqual({ position: 2_000, subscriptionId: '' });
    expect(await readAll([...rows, seen], 1)).toEqual([[], [], [seen]]);
  });

  it('comes past an event that is owed to more than are looked at', async () => {
    const rows = Array.from({ length: 4_500 }, (_, index) =>
      deliver(7, `hidden${String(index).padStart(4, '0')}`),
    );
    const seen = [deliver(7, 'z'), deliver(8, 'a')];
    const pages = await readAll([...rows, ...seen], 1);
    expect(pages.flat()).toEqual(seen);
  });

  it('of a subscription that the caller may not see is empty, as of one that is not there', async () => {
    const pool = poolOf([deliver(1, 'hidden')]);
    for (const subscriptionId of ['hidden', 'nobody']) {
      await expect(
        listSeenDeliveries(pool, { subscriptionId, limit: 5 }, maySee),
      ).resolves.toEqual({ rows: [] });
    }
  });
});
