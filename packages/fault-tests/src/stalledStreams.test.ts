import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PortalProcess } from './PortalProcess';

const megabyte = 1024 * 1024;
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0).reverse()) {
    await disposable.dispose();
  }
});

/** Publishes events of a megabyte each, through an ingress. */
async function publish(portal: PortalProcess, from: number, to: number) {
  const text = 'x'.repeat(megabyte);
  for (let number = from; number <= to; number++) {
    const response = await fetch(`${portal.url}/api/events/http/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(`${number}:${text}`),
    });
    expect(response.status).toBe(202);
    await response.text();
  }
}

/** Asks for the stream, and reads nothing of it until it is told to. */
async function openStream(portal: PortalProcess): Promise<Socket> {
  const { hostname, port } = new URL(portal.url);
  const socket = connect(Number(port), hostname);
  disposables.push({ dispose: async () => void socket.destroy() });
  await once(socket, 'connect');
  socket.pause();
  socket.write(
    `GET /api/events/v1/stream?after=beginning HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${portal.token}\r\nAccept-Encoding: gzip, br\r\n\r\n`,
  );
  await once(socket, 'readable');
  return socket;
}

/** Reads on until so many events have come; returns the numbers they begin with, and the head of the answer. */
async function readEvents(socket: Socket, count: number) {
  const numbers: number[] = [];
  let head = '';
  let rest = '';
  for await (const chunk of socket) {
    rest += chunk;
    head ||= rest.slice(0, rest.indexOf('\r\n\r\n'));
    const starts = [...rest.matchAll(/"payload":"(\d+):/g)];
    numbers.push(...starts.map(([, number]) => Number(number)));
    // What is left may hold the first half of the next.
    const behindLast = (starts.at(-1)?.index ?? -1) + 1;
    rest = rest.slice(Math.max(behindLast, rest.length - 30));
    if (numbers.length >= count) {
      break;
    }
  }
  return { head, numbers };
}

describe('streams that nobody reads', () => {
  it('cost the portal no memory, whatever is published', async () => {
    const portal = await PortalProcess.create('sqlite', ['open']);
    disposables.push(portal);
    await portal.start();
    await publish(portal, 1, 40);
    const before = portal.readMemory();

    const streams: Socket[] = [];
    for (let stream = 0; stream < 10; stream++) {
      streams.push(await openStream(portal));
    }
    await publish(portal, 41, 240);
    const after = portal.readMemory();
    process.stdout.write(
      `Resident memory: ${before.toFixed(0)} MB before, ${after.toFixed(
        0,
      )} MB after 200 MB were published beside 10 streams that nobody reads\n`,
    );
    expect(after).toBeLessThan(before + 200);

    const { head, numbers } = await readEvents(streams[0], 240);
    expect(head).not.toMatch(/content-encoding/i);
    expect(numbers).toEqual(Array.from({ length: 240 }, (_, i) => i + 1));
  }, 300_000);
});
