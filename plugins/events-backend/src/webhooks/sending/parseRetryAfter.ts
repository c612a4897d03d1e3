import { parseHttpDate } from './parseHttpDate';

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP-date.
 *
 * @param value - as it came
 * @param nowMs - milliseconds since the epoch
 * @param longestMs - a pause that is longer becomes this one
 * @returns the pause in milliseconds, 0 for a date that has passed; undefined for nonsense, which means nothing
 */
export function parseRetryAfter(
  value: string,
  nowMs: number,
  longestMs: number,
): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) {
    return Math.min(Number(text) * 1_000, longestMs);
  }
  const atMs = parseHttpDate(text, nowMs);
  return atMs === undefined
    ? undefined
    : Math.min(Math.max(atMs - nowMs, 0), longestMs);
}
