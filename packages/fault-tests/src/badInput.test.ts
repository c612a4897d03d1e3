import { once } from 'node:events';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { PortalProcess } from './PortalProcess';
import { postPush } from './PushLoad';

const megabyte = 1024 * 1024;
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

/** Sends a body in chunks of a megabyte, with nothing said of its length; returns the status of the answer. */
async function postChunks(
  url: string,
  megabytes: number,
  pauseMs: number,
): Promise<number | undefined> {
  const outgoing = request(`${url}/api/events/http/open`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  const answered = once(outgoing, 'response');
  outgoing.on('error', () => {});
  const chunk = Buffer.alloc(megabyte, 'x');
  outgoing.write('"');
  for (let sent = 0; sent < megabytes && !outgoing.destroyed; sent++) {
    outgoing.write(chunk);
    await new Promise(resolve => setTimeout(resolve, pauseMs));
  }
  outgoing.end('"');
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}

/** Sends the first part of a body and hangs up. */
async function postHalf(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST /api/events/http/open HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${
      20 * megabyte
    }\r\n\r\n`,
  );
  await new Promise(resolve =>
    socket.write(Buffer.alloc(4 * megabyte, 'x'), resolve),
  );
  socket.destroy();
}

describe('a portal that is sent bad input', () => {
  it('stays within its memory, and goes on', async () => {
    const portal = await PortalProcess.create('sqlite', ['open']);
    disposables.unshift(portal);
    await portal.start();

    // A large body that is fine, from a sender that takes its time.
    expect(await postChunks(portal.url, 20, 20)).toBe(202);
    const before = portal.readMemory();

    for (let round = 0; round < 20; round++) {
      expect(await postChunks(portal.url, 26, 0)).toBe(413);
      await postHalf(portal.url);
    }
    const answer = await postPush(portal.url, portal.secret);
    expect(answer.status).toBe(202);

    const after = portal.readMemory();
    process.stdout.write(
      `Resident memory: ${before.toFixed(0)} MB before, ${after.toFixed(
        0,
      )} MB after 600 MB of bad input\n`,
    );
    expect(after).toBeLessThan(before + 200);
  }, 120_000);
});
