/** The beginning of a text, up to so many bytes of UTF-8, which ends with a whole character. */
export function cutText(
  text: string,
  maxBytes: number,
): { text: string; cut: boolean } {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) {
    return { text, cut: false };
  }
  // What is begun of a character is kept back for a stream to go on with, which never does.
  const beginning = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    bytes.subarray(0, maxBytes),
    { stream: true },
  );
  return { text: beginning, cut: true };
}
