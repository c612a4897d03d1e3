import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * An address that stays while portals come and go behind it, as a load balancer has one. While there is none, connections
 * are closed.
 */
export class PortalDoor {
  readonly #server = createServer(socket => this.#lead(socket));
  readonly #sockets = new Set<Socket>();
  #port: number | undefined;

  /** @returns where it is */
  async start(): Promise<string> {
    await new Promise<void>(resolve =>
      this.#server.listen(0, '127.0.0.1', resolve),
    );
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Leads to a portal from now on, or to none. */
  leadTo(url: string | undefined): void {
    this.#port = url === undefined ? undefined : Number(new URL(url).port);
    this.#sockets.forEach(socket => socket.destroy());
  }

  async stop(): Promise<void> {
    this.leadTo(undefined);
    await new Promise(resolve => this.#server.close(resolve));
  }

  #lead(socket: Socket): void {
    if (this.#port === undefined) {
      socket.destroy();
      return;
    }
    const onward = connect(this.#port, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ]) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
