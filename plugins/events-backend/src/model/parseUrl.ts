/**
 * Parses a URL, as the WHATWG says.
 *
 * @remarks
 * `URL.canParse` of Node.js 20 and 22 begins to refuse hosts that are not ASCII once it was called some thousand times:
 * its fast path, which takes over then, reads such texts wrongly.
 *
 * @returns undefined when it is none
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
