/**
 * Writes the value of `authorization` for Basic authentication, in UTF-8 (RFC 7617, sections 2 and 2.1).
 *
 * @param user - without `:`, which ends it
 */
export function writeBasicCredentials(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
