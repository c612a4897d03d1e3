/**
 * Decodes base64 in its one canonical form: the standard alphabet, padded, nothing else in between (RFC 4648,
 * sections 3 and 4).
 *
 * @returns the bytes, or undefined when the text is not in that form
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Node.js passes over what it does not know. Only a canonical text comes back as it was.
  return bytes.toString('base64') === text ? bytes : undefined;
}
