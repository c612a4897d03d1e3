import type { Store } from '../../database';
import {
  planReservation,
  type RateLimit,
  type Reservation,
} from '../planReservation';

/** How many attempts are to begin, and how many may. */
export interface ReservationWish extends RateLimit {
  /** At least 1. */
  count: number;
}

/**
 * Reserves attempts within the rate limit of an endpoint, over all replicas and by the store's clock.
 *
 * 1. Read when the whole burst is free again.
 * 2. Decide, and write down what it comes to, unless another was faster: start over then.
 *
 * @returns how many may begin now, none when there is no such endpoint
 */
export async function reserveAttempts(
  { knex, dialect }: Store,
  endpointId: string,
  wish: ReservationWish,
): Promise<Reservation> {
  for (;;) {
    const row = await knex('callboard_endpoint_health')
      .where({ endpoint_id: endpointId })
      .first<{ rate_free_at: number | null; now: number | string } | undefined>(
        'rate_free_at',
        knex.raw(`${dialect.nowMs} as now`),
      );
    if (!row) {
      return { granted: 0, waitMs: Math.ceil(wish.intervalMs) };
    }
    const { granted, waitMs, freeAtMs } = planReservation({
      ...wish,
      freeAtMs: row.rate_free_at ?? undefined,
      nowMs: Number(row.now),
    });
    if (granted === 0) {
      return { granted, waitMs };
    }
    const replaced = await knex('callboard_endpoint_health')
      .where({ endpoint_id: endpointId, rate_free_at: row.rate_free_at })
      .update({ rate_free_at: freeAtMs });
    if (replaced > 0) {
      return { granted, waitMs };
    }
  }
}
