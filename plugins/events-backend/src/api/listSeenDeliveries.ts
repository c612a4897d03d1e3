import { maxPageSize } from '@callboard/backstage-plugin-events-common';
import type { DeliveryPool, DeliveryRow } from '../deliveries';

/** So often the pool is asked for one page: where most deliveries are left out, a page has fewer than it may. */
const maxReads = 10;

/** Where a page ends: everything up to this place was looked at. */
interface DeliveryPlace {
  position: number;
  /** The empty text, which is the id of none, comes before all that is at the position. */
  subscriptionId: string;
}

/**
 * Lists deliveries of those subscriptions that the caller may know of.
 *
 * @param maySee - by the id of a subscription
 * @returns the deliveries; and if there may be more, the place to go on behind, which names no subscription of the others
 */
export async function listSeenDeliveries(
  deliveries: Pick<DeliveryPool, 'list'>,
  listing: Parameters<DeliveryPool['list']>[0],
  maySee: (subscriptionId: string) => boolean,
): Promise<{ rows: DeliveryRow[]; next?: DeliveryPlace }> {
  const { subscriptionId, limit } = listing;
  if (subscriptionId !== undefined && !maySee(subscriptionId)) {
    return { rows: [] };
  }
  const seen: DeliveryRow[] = [];
  let after = listing.after;
  const startPosition = after?.position ?? 0;
  for (
    let reads = 0;
    // Never without coming further: an event has no more deliveries than there are subscriptions.
    reads < maxReads || after?.position === startPosition;
    reads += 1
  ) {
    const rows = await deliveries.list({
      ...listing,
      after,
      limit: maxPageSize,
    });
    seen.push(...rows.filter(row => maySee(row.subscription_id)));
    if (seen.length > limit) {
      const page = seen.slice(0, limit);
      return { rows: page, next: placeOf(page[limit - 1]) };
    }
    if (rows.length < maxPageSize) {
      return { rows: seen };
    }
    after = placeOf(rows[rows.length - 1]);
  }
  const position = after?.position ?? 0;
  return {
    rows: seen.filter(row => Number(row.position) < position),
    next: { position, subscriptionId: '' },
  };
}

function placeOf(row: DeliveryRow): DeliveryPlace {
  return {
    position: Number(row.position),
    subscriptionId: row.subscription_id,
  };
}
