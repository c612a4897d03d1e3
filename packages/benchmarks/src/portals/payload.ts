import { randomBytes } from 'node:crypto';

/** What every measured event carries. */
export interface MeasuredPayload {
  run: string;
  /** From 0 within the run. */
  number: number;
  /** When `publish` was called. */
  publishedAtUs: number;
  /** Makes up the wanted size. */
  filler: string;
}

/**
 * Makes a maker of payloads that have the same size as JSON, up to the digits of their numbers.
 *
 * @param bytes - the size
 */
export function createPayloads(
  run: string,
  bytes: number,
): (number: number, publishedAtUs: number) => MeasuredPayload {
  const bare = JSON.stringify({
    run,
    number: 99_999,
    publishedAtUs: 1e12,
    filler: '',
  });
  // Random, so that no store can make it smaller.
  const filler = randomBytes(bytes)
    .toString('base64url')
    .slice(0, Math.max(0, bytes - bare.length));
  return (number, publishedAtUs) => ({ run, number, publishedAtUs, filler });
}
