import { randomBytes } from 'node:crypto';
import type { Load } from './orders';

/** What every measured event carries. */
export interface MeasuredPayload {
  run: string;
  /** From 0 within the run. */
  number: number;
  /** When `publish` was called. */
  publishedAtUs: number;
  /** Whom it is about; only when a load has teams. */
  team?: string;
  /** Makes up the wanted size. */
  filler: string;
}

/** Makes payloads that have the same size as JSON, up to the digits of their numbers. */
export function createPayloads({
  run,
  bytes,
  teams,
}: Pick<Load, 'run' | 'bytes' | 'teams'>): (
  number: number,
  publishedAtUs: number,
) => MeasuredPayload {
  const tellTeam = (number: number) =>
    teams === undefined ? {} : { team: `team-${number % teams}` };
  const bare = JSON.stringify({
    run,
    number: 99_999,
    publishedAtUs: 1e12,
    ...tellTeam(99_999),
    filler: '',
  });
  // Random, so that no store can make it smaller.
  const filler = randomBytes(bytes)
    .toString('base64url')
    .slice(0, Math.max(0, bytes - bare.length));
  return (number, publishedAtUs) => ({
    run,
    number,
    publishedAtUs,
    ...tellTeam(number),
    filler,
  });
}
