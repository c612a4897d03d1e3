import { once } from 'node:events';
import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

/** The two ends of a connection that goes through the proxy. */
interface Passage {
  client: Socket;
  server: Socket;
  /** Whether what one end says still reaches the other. */
  mute: boolean;
}

/** Stands between a process and its database, and breaks what goes through as networks do. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #passages = new Set<Passage>();
  #mute = false;
  #watched: { text: string; onSeen: () => void } | undefined;

  static async create(target: {
    host: string;
    port: number;
  }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer(client => this.#connect(client));
  }

  get port(): number {
    const address = this.#server.address();
    if (!isTcp(address)) {
      throw new Error('The proxy does not listen');
    }
    return address.port;
  }

  /** Breaks every connection at once; both ends are told (RST). New ones are let through. */
  cut(): void {
    for (const { client, server } of this.#passages) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Takes everything and passes nothing on, and tells nobody. New connections are taken, and answered by nobody. */
  swallow(): void {
    this.#mute = true;
    for (const passage of this.#passages) {
      passage.mute = true;
    }
  }

  /** Lets new connections through again. Those that were swallowed stay silent for ever, as behind a firewall that forgot them. */
  heal(): void {
    this.#mute = false;
  }

  /**
   * Waits for a process to send a text, such as a part of a statement, and passes it on.
   *
   * @param onSeen - called before any answer can come back
   */
  watchFor(text: string, onSeen: () => void): void {
    this.#watched = { text, onSeen };
  }

  async dispose(): Promise<void> {
    this.#server.close();
    this.cut();
    if (this.#server.listening) {
      await once(this.#server, 'close');
    }
  }

  #connect(client: Socket): void {
    const server = createConnection(this.#target);
    const passage: Passage = { client, server, mute: this.#mute };
    this.#passages.add(passage);
    client.setNoDelay();
    server.setNoDelay();
    client.on('data', chunk => {
      this.#look(chunk);
      if (!passage.mute) {
        server.write(chunk);
      }
    });
    server.on('data', chunk => {
      if (!passage.mute) {
        client.write(chunk);
      }
    });
    for (const [end, other] of [
      [client, server],
      [server, client],
    ]) {
      // That it closes says enough.
      end.on('error', () => {});
      end.on('close', () => {
        this.#passages.delete(passage);
        if (!passage.mute) {
          other.destroy();
        }
      });
    }
  }

  #look(chunk: Buffer): void {
    const watched = this.#watched;
    if (watched && chunk.includes(watched.text)) {
      this.#watched = undefined;
      watched.onSeen();
    }
  }
}

function isTcp(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
