import type { Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';

/**
 * Makes a dispatcher that keeps its connections, and tells of them.
 *
 * @param options - of connecting, such as a certificate to trust
 */
export function openAgent(options: buildConnector.BuildOptions = {}) {
  const sockets: Socket[] = [];
  const connectSocket = buildConnector(options);
  const agent = new Agent({
    connect: (target, callback) =>
      connectSocket(target, (...[error, socket]) => {
        if (error) {
          callback(error, null);
          return;
        }
        sockets.push(socket);
        callback(null, socket);
      }),
  });
  return {
    agent,
    /** How many bytes came in so far, over all connections. */
    readBytes: () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
}
