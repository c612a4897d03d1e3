/**
 * Makes a text of a stranger one that can be shown: without secrets, in one line, not long, and without a stop at its
 * end.
 *
 * @param secrets - the longer before what is a part of them
 * @param maxLength - in characters
 */
export function cleanText(
  text: string,
  secrets: readonly string[],
  maxLength: number,
): string {
  const masked = secrets
    .filter(secret => secret !== '')
    .reduce((masking, secret) => masking.replaceAll(secret, '***'), text);
  const characters = [...masked.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()];
  return characters.length > maxLength
    ? `${characters.slice(0, maxLength).join('')}…`
    : characters.join('').replace(/\.$/, '');
}
