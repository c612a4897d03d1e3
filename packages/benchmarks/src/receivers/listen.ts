import { createServer } from 'node:http';
import type { Requests } from './Requests';

/** Listens on a free port of this machine; returns the URL. */
export function listen(requests: Requests): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) =>
      requests.take(request, response),
    );
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address) {
        resolve(`http://127.0.0.1:${address.port}`);
      } else {
        reject(new Error('The receiver found no free port'));
      }
    });
  });
}
