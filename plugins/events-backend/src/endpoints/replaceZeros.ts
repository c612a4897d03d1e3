/** Text that any store takes: PostgreSQL stores no zero characters. */
export function replaceZeros(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
