/** GitHub's largest answers are webhooks of 25 MB in its delivery log. */
const defaultMaxBytes = 32 * 1024 * 1024;

/** An answer that is longer than what is read. */
export class TooLongError extends Error {
  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes`);
    this.name = 'TooLongError';
  }
}

/**
 * Fetches an answer and reads its body to the end, so that one that breaks off is a failure, as one that never came.
 *
 * @param maxBytes - 32 MB unless given
 *
 * @throws TooLongError if there is more
 */
export async function fetchWhole(
  url: string,
  init: RequestInit,
  maxBytes: number = defaultMaxBytes,
): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by an error closes the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new TooLongError(maxBytes);
    }
    chunks.push(chunk);
  }
  const { status, statusText, headers } = response;
  return new Response(response.body ? Buffer.concat(chunks) : null, {
    status,
    statusText,
    headers,
  });
}
