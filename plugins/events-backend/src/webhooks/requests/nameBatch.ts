import { createHash } from 'node:crypto';

/**
 * Names a batch: makes its `webhook-id`.
 *
 * @remarks
 * A batch that is tried again has the same events in the same order, and so the same name, by which its receiver can
 * tell that it has it already. Any other batch has another one.
 *
 * @param eventIds - of its events, in their order
 * @returns a UUID of version 8, from a hash (RFC 9562, section 5.8 and appendix B.2)
 */
export function nameBatch(eventIds: readonly string[]): string {
  const bytes = createHash('sha256').update(eventIds.join('\n')).digest();
  // RFC 9562, sections 4.1 and 4.2: variant 10, version 8.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
