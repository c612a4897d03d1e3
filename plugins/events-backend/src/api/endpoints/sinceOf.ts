import type { Endpoint } from '../../endpoints';

/** By which the clocks of a process and of the store may differ, in milliseconds. */
const clockMarginMs = 60_000;

/**
 * Since when attempts are those of an endpoint, in milliseconds since the epoch: of one that had the same id before, some
 * may be left.
 */
export function sinceOf({
  createdAtMs,
}: Pick<Endpoint, 'createdAtMs'>): number {
  return createdAtMs - clockMarginMs;
}
