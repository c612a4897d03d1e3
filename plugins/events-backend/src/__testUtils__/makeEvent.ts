import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import { newEventId } from '@callboard/backstage-plugin-events-node/bus';

/** Makes an event that can be appended. */
export function makeEvent(
  topic: string,
  fields: Partial<Omit<NewEvent, 'topic' | 'size'>> = {},
): NewEvent {
  const payload = fields.payload ?? JSON.stringify({ topic });
  return {
    id: newEventId(),
    key: undefined,
    deduplicationId: undefined,
    metadata: '{}',
    ...fields,
    topic,
    payload,
    size: Buffer.byteLength(payload),
  };
}
