import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import type { buildConnector } from 'undici';
import { listen } from './__testUtils__/listen';
import { createGuard } from './createGuard';
import { createCheckedLookup, guardConnector } from './guardConnector';
import { RefusedAddressError } from './RefusedAddressError';

const guard = createGuard({ allow: [] });

/** What a guarded connector fails with. */
function failureOf(connect: buildConnector.connector): Promise<Error | null> {
  return new Promise(resolve => {
    guardConnector(guard, connect)(
      { hostname: 'hooks.example', protocol: 'http:', port: '80' },
      (...args) => resolve(args[0]),
    );
  });
}

describe('a guarded connector', () => {
  it('closes a connection that has come to a refused address all the same', async () => {
    const server = createServer(socket => socket.resume());
    const { port, stop } = await listen(server, '127.0.0.1');
    const closed = once(server, 'connection').then(([socket]) =>
      once(socket, 'close'),
    );

    const error = await failureOf((_, callback) => {
      const socket = connectTcp(port, '127.0.0.1', () =>
        callback(null, socket),
      );
    });
    expect(error).toBeInstanceOf(RefusedAddressError);
    expect(error).toMatchObject({
      host: 'hooks.example',
      address: '127.0.0.1',
      rule: 'loopback',
    });
    await closed;
    await stop();
  });

  it('sends nothing over a connection that tells no address', async () => {
    const server = createServer(socket => socket.destroy());
    const { port, stop } = await listen(server, '127.0.0.1');

    const error = await failureOf((_, callback) => {
      const socket = connectTcp(port, '127.0.0.1');
      socket.resume().once('close', () => callback(null, socket));
    });
    expect(error).toMatchObject({
      message: 'hooks.example closed the connection at once',
    });
    await stop();
  });
});

describe('a checked lookup', () => {
  const lookup = createCheckedLookup(guard, async () => [
    '8.8.8.8',
    '2606:4700::1111',
  ]);

  it('gives all addresses, or the first, as it is asked', async () => {
    const ask = (all: boolean) =>
      new Promise(resolve => {
        lookup('hooks.example', { all }, (...answer) => resolve(answer));
      });
    expect(await ask(true)).toEqual([
      null,
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
    ]);
    expect(await ask(false)).toEqual([null, '8.8.8.8', 4]);
  });
});
