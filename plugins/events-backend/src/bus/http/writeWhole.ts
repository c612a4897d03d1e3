import type { Response } from 'express';

/**
 * Answers with JSON, and says whether the whole answer was handed to the operating system: what the other side reads of
 * it cannot be known.
 *
 * @param limitMs - after which the connection is cut
 */
export async function writeWhole(
  response: Response,
  json: string,
  limitMs: number,
): Promise<boolean> {
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>(resolve => {
      const { socket } = response;
      if (!socket || response.destroyed) {
        resolve(false);
        return;
      }
      // Node.js says 'finish' of a connection that broke as well. Before its own listener, which may end the connection.
      response.prependOnceListener('finish', () => resolve(!socket.destroyed));
      response.once('close', () => resolve(false));
      limit = setTimeout(() => response.destroy(), limitMs);
      // Not through json(), which takes an entity tag of each answer.
      response.status(200).type('application/json').end(json);
    });
  } finally {
    clearTimeout(limit);
  }
}
