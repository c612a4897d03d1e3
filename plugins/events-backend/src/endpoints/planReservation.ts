/*
 * The rate limit of an endpoint: the generic cell rate algorithm (ITU-T I.371, annex A, as a virtual schedule). Each
 * attempt takes an interval of time. What is remembered is when all the time that was taken is over, and with it the whole
 * burst is free again; that is never further away than the burst is long.
 */

/** Attempts that may begin in a time. */
export interface RateLimit {
  /** Between two attempts in the long run, in milliseconds; may be a fraction. */
  intervalMs: number;
  /** Attempts that may begin at once after a rest; at least 1. */
  burst: number;
}

/** What became of a wish to begin attempts. */
export interface Reservation {
  /** How many may begin now. */
  granted: number;
  /** How long until there is one more at least, in milliseconds; 0 if some are granted. */
  waitMs: number;
}

/**
 * Decides how many attempts may begin now: in any span of time no more than the burst, and one for each interval that has
 * passed.
 *
 * @param freeAtMs - when the whole burst is free again, in milliseconds; undefined for now. One that is further away than
 *   the burst is long comes from another limit, or a clock that was put back: it counts as an empty burst.
 * @param count - how many are wanted
 * @returns what is granted, and when the whole burst is free again after that
 */
export function planReservation({
  freeAtMs = 0,
  nowMs,
  count,
  intervalMs,
  burst,
}: RateLimit & {
  freeAtMs: number | undefined;
  nowMs: number;
  count: number;
}): Reservation & { freeAtMs: number } {
  const takenMs = Math.min(Math.max(freeAtMs - nowMs, 0), burst * intervalMs);
  const free = Math.floor(burst - takenMs / intervalMs);
  const granted = Math.max(0, Math.min(count, free));
  return {
    granted,
    waitMs:
      granted > 0
        ? 0
        : Math.max(1, Math.ceil(takenMs - (burst - 1) * intervalMs)),
    freeAtMs: nowMs + takenMs + granted * intervalMs,
  };
}
