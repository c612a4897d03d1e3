import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@callboard/backstage-plugin-events-node';

/**
 * Makes an event that can be appended to a log.
 *
 * @param topic - its topic, which is its payload too unless another is given
 * @param fields - what it should have instead of a new id, no key, no deduplication id and no metadata
 *
 * @public
 */
export function makeEvent(
  topic: string,
  fields: Partial<Omit<NewEvent, 'topic' | 'size'>> = {},
): NewEvent {
  const payload = fields.payload ?? JSON.stringify({ topic });
  return {
    id: randomUUID(),
    key: undefined,
    deduplicationId: undefined,
    metadata: '{}',
    ...fields,
    topic,
    payload,
    size: Buffer.byteLength(payload),
  };
}
