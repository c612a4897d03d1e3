import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository: serves files over HTTP, which a test changes as it likes. */
export class FileServer {
  readonly #files = new Map<string, string>();
  readonly #server: Server;

  static async start(): Promise<FileServer> {
    const files = new FileServer();
    files.#server.listen(0, '127.0.0.1');
    await once(files.#server, 'listening');
    return files;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      const text = this.#files.get(request.url ?? '');
      response.statusCode = text === undefined ? 404 : 200;
      response.end(text);
    });
  }

  /** Host and port, as the configuration names a host. */
  get host(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  /**
   * Writes a file.
   *
   * @param name - without a slash
   * @returns its URL
   */
  write(name: string, text: string): string {
    this.#files.set(`/${name}`, text);
    return `http://${this.host}/${name}`;
  }

  async dispose(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
