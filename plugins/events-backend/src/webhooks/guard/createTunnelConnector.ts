import { isIPv6, Socket } from 'node:net';
import { isError } from '@backstage/errors';
import { Client, errors, type buildConnector } from 'undici';
import type { Guard } from './createGuard';
import { nameHost } from './nameHost';
import { resolveChecked } from './resolveChecked';
import type { ResolveHost } from './ResolveHost';

/** A proxy that speaks HTTP and opens tunnels with CONNECT (RFC 9110, section 9.3.6). */
export interface ProxyOptions {
  /**
   * With the scheme `http` or `https`; of the rest only host and port count. The operator names it, so it may be inside
   * the network.
   */
  url: string;
  /** The value of `proxy-authorization`, such as `Basic …`. */
  authorization?: string;
}

/**
 * Connects through a proxy, for which the guard holds all the same: the target is resolved and checked here, and the
 * proxy is told the checked address, not the name, which it would resolve for itself. A host that is on the allow-list by
 * its name is not resolved, since it may be anywhere: so such receivers work where only the proxy can resolve names.
 *
 * @param options.startTls - secures the tunnel; is given it as `httpSocket`, and the host as it is in the URL
 * @param options.timeLimitMs - for the tunnel, TLS excluded
 * @throws TypeError when the URL of the proxy cannot be read
 */
export function createTunnelConnector(options: {
  guard: Guard;
  resolve: ResolveHost;
  proxy: ProxyOptions;
  startTls: buildConnector.connector;
  timeLimitMs: number;
}): buildConnector.connector {
  const { guard, resolve, proxy, startTls, timeLimitMs } = options;
  const { origin } = new URL(proxy.url);

  async function open(
    host: string,
    port: number,
    signal: AbortSignal,
  ): Promise<Socket> {
    const addresses = guard.allowsHost(host)
      ? [host]
      : await resolveChecked(guard, host, resolve);
    const failures: unknown[] = [];
    for (const address of addresses) {
      try {
        return await openTunnel(
          { ...proxy, url: origin },
          { host, address, port },
          signal,
        );
      } catch (error) {
        // An address that Node.js names is that of the proxy.
        failures.push(isError(error) ? nameHost(error, 'the proxy') : error);
      }
    }
    throw failures.length === 1
      ? failures[0]
      : new AggregateError(failures, `The proxy opened no tunnel to ${host}`);
  }

  return (target, callback) => {
    const isSecure = target.protocol === 'https:';
    const port = Number(target.port) || (isSecure ? 443 : 80);
    limitTime(timeLimitMs, signal => open(target.hostname, port, signal)).then(
      httpSocket =>
        isSecure
          ? startTls({ ...target, httpSocket }, callback)
          : callback(null, httpSocket),
      error => callback(error, null),
    );
  };
}

/** Runs what a signal ends, and what it does not end, such as `dns.lookup`, at least waits no longer for. */
async function limitTime<T>(
  timeLimitMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      run(controller.signal),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new errors.ConnectTimeoutError()),
          timeLimitMs,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

async function openTunnel(
  proxy: ProxyOptions,
  { host, address, port }: { host: string; address: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const target = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  // A tunnel takes its connection with it, so there is nothing to keep for the next one.
  const client = new Client(proxy.url);
  try {
    const { statusCode, socket } = await client.connect({
      path: target,
      signal,
      headers: {
        host: target,
        ...(proxy.authorization !== undefined && {
          'proxy-authorization': proxy.authorization,
        }),
      },
    });
    if (statusCode === 200 && socket instanceof Socket) {
      return socket;
    }
    socket.on('error', () => {}).destroy();
    // Not the address: owners of endpoints see this.
    throw new Error(
      `The proxy answered ${statusCode} to CONNECT ${host}:${port}`,
    );
  } finally {
    // Does not wait: the connection is the tunnel's now, or has failed.
    client.destroy().catch(() => {});
  }
}
