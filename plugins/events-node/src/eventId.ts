import { createHash } from 'node:crypto';
import { v7, validate } from 'uuid';

/**
 * Makes the id of a new event: a UUID of version 7, so that ids sort by time.
 */
export function newEventId(): string {
  return v7();
}

/** Whether a text is a UUID, of any version. */
export function isEventId(value: string): boolean {
  return validate(value);
}

/**
 * Derives the id of an event that is made from another: posted under a subtopic, or published by a handler together
 * with the metadata of the event that it was given.
 *
 * @remarks
 * The same event, topic and payload give the same id, so routing twice stores once, and a handler may make several
 * different events of one. Time and version are taken from the
 * event's id where it is of version 7; the random bits come from a hash.
 *
 * @param id - of the event that is routed
 * @param topic - of the event that is made
 * @param payload - of the event that is made, as JSON text
 * @returns a UUID
 */
export function deriveEventId(
  id: string,
  topic: string,
  payload: string,
): string {
  const bytes = createHash('sha256')
    .update(`${id.toLowerCase()}\n${topic}\n${payload}`)
    .digest();
  Buffer.from(id.replaceAll('-', '').slice(0, 12), 'hex').copy(bytes, 0);
  // RFC 9562, sections 4.1 and 4.2: variant 10, version 7.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
