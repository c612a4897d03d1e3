import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * Passes bytes between clients and a server until it is told to swallow them, as a firewall that forgot a connection.
 *
 * @public
 */
export class SilencingProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer(client => this.#pass(client));
  readonly #target: { host: string; port: number };

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** @returns the port of this machine that it listens at */
  async start(): Promise<number> {
    await new Promise<void>(resolve =>
      this.#server.listen(0, '127.0.0.1', resolve),
    );
    const { port } = this.#server.address() as AddressInfo;
    return port;
  }

  /** Swallows what the connections that are open now send and are sent, without closing them. Later ones go through. */
  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.resume();
    }
  }

  async stop(): Promise<void> {
    this.#sockets.forEach(socket => socket.destroy());
    await new Promise(resolve => this.#server.close(resolve));
  }

  #pass(client: Socket): void {
    const server = connect(this.#target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
