import { isIP, type LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import type { Guard } from './createGuard';
import { nameHost } from './nameHost';
import { RefusedAddressError } from './RefusedAddressError';
import { resolveChecked } from './resolveChecked';
import type { ResolveHost } from './ResolveHost';

/**
 * What `net.connect` and `tls.connect` resolve names with.
 *
 * @remarks
 * They connect to what this gives them, and resolve nothing themselves: nothing can change between the check and the
 * connection. The host stays the name, so TLS asks for it and verifies it.
 */
export function createCheckedLookup(
  guard: Guard,
  resolve: ResolveHost,
): LookupFunction {
  return (host, { all }, callback) => {
    resolveChecked(guard, host, resolve).then(
      addresses => {
        const found = addresses.map(address => ({
          address,
          family: isIP(address),
        }));
        if (all) {
          callback(null, found);
        } else {
          callback(null, found[0].address, found[0].family);
        }
      },
      error => callback(error, []),
    );
  };
}

/**
 * Guards a connector: checks what its lookup does not see.
 *
 * @param connect - resolves names with `createCheckedLookup`
 * @returns a connector that refuses addresses in URLs, for which `net.connect` does no lookup, and closes a connection
 *   that has come to a refused address all the same, before a request is sent. Its errors say the host, not the address.
 */
export function guardConnector(
  guard: Guard,
  connect: buildConnector.connector,
): buildConnector.connector {
  return (target, callback) => {
    const { hostname } = target;
    const refuse = (address: string) => {
      const verdict = guard.checkAddress(hostname, address);
      return verdict.allowed
        ? undefined
        : new RefusedAddressError(hostname, address, verdict);
    };

    const refused = isIP(hostname) === 0 ? undefined : refuse(hostname);
    if (refused !== undefined) {
      // Not before the caller has returned, as with any other connector.
      queueMicrotask(() => callback(refused, null));
      return;
    }

    connect(target, (...[failed, socket]) => {
      if (failed) {
        callback(nameHost(failed, hostname), null);
        return;
      }
      // A connection that is closed already tells no address; so no request goes over it either.
      const error =
        socket.remoteAddress === undefined
          ? new Error(`${hostname} closed the connection at once`)
          : refuse(socket.remoteAddress);
      if (error === undefined) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(error, null);
      }
    });
  };
}
