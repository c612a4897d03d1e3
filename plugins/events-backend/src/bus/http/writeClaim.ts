import type { ClaimAnswer } from '@callboard/backstage-plugin-events-node/bus';
import type { Batch } from '../../model/batch';
import { presentMetadata } from '../../model/presentEvent';

/**
 * Writes a batch as the answer to a claim.
 *
 * @returns JSON text of a `ClaimAnswer`; payloads are in it as they are in the log, without being read
 */
export function writeClaim(
  batch: Batch,
  { leaseMs, waitedMs }: Pick<ClaimAnswer, 'leaseMs' | 'waitedMs'>,
): string {
  const events = batch.events.map(({ event, attempt }) => {
    const head: Omit<ClaimAnswer['events'][number], 'payload' | 'metadata'> = {
      position: event.position,
      id: event.id,
      topic: event.topic,
      key: event.key ?? null,
      timeMs: event.timeMs,
      attempt,
    };
    const metadata = JSON.stringify(presentMetadata(event, attempt));
    return `${JSON.stringify(head).slice(
      0,
      -1,
    )},"metadata":${metadata},"payload":${event.payload}}`;
  });
  return `{"ticket":${JSON.stringify(
    batch.ticket,
  )},"leaseMs":${leaseMs},"waitedMs":${waitedMs},"events":[${events.join(
    ',',
  )}]}`;
}
