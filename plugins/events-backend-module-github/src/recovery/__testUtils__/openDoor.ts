import {
  createServer,
  request as requestHttp,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request itself, and says so. */
export type Interceptor = (
  request: IncomingMessage,
  response: ServerResponse,
) => boolean | Promise<boolean>;

/**
 * A server that hands requests on to another one, which may change; while there is none, nobody is there.
 *
 * @param intercept - sees each request first
 */
export async function openDoor(intercept: Interceptor = () => false) {
  let target: string | undefined;
  const server = createServer(async (request, response) => {
    if (await intercept(request, response)) {
      return;
    }
    if (!target) {
      request.socket.destroy();
      return;
    }
    const { method, headers, url = '/' } = request;
    const passed = requestHttp(
      new URL(url, target),
      { method, headers: { ...headers, host: new URL(target).host } },
      answer => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        // What breaks off behind breaks off before.
        answer.on('error', () => response.destroy());
      },
    );
    passed.on('error', () => request.socket.destroy());
    request.pipe(passed);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    leadTo(url: string | undefined) {
      target = url;
    },
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  body: unknown,
  status: number = 200,
): true {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify(body));
  return true;
}
