import { once } from 'node:events';
import type { Server } from 'node:net';

/**
 * Starts a server, of HTTP, TLS or TCP, and counts its connections.
 *
 * @param host - by default all addresses of the machine, IPv4 and IPv6
 */
export async function listen(server: Server, host?: string) {
  const listening: {
    port: number;
    connections: number;
    stop(): Promise<void>;
  } = { port: 0, connections: 0, stop };
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', socket => {
    listening.connections += 1;
    sockets.add(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server has no port');
  }
  listening.port = address.port;
  return listening;

  async function stop() {
    server.close();
    sockets.forEach(socket => socket.destroy());
    await once(server, 'close');
  }
}
