import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Guard } from './createGuard';
import { RefusedAddressError } from './RefusedAddressError';
import type { ResolveHost } from './ResolveHost';
import { shareLookups } from './shareLookups';

/**
 * Resolves as the rest of the process does: `/etc/hosts`, search domains of a cluster and all. Lookups are shared by all
 * webhooks of the process, which has one pool of threads for them.
 */
export const resolveHost: ResolveHost = shareLookups(async host =>
  (await lookup(host, { all: true })).map(({ address }) => address),
);

/**
 * Resolves a host and checks what it resolves to.
 *
 * @param host - a name, or an address without brackets, which is not resolved
 * @returns its addresses, in the order in which they are to be tried; not empty. Only they may be connected to: the name
 *   may resolve to others a moment later (DNS rebinding).
 * @throws RefusedAddressError when one of them is refused. To leave it out and try the others would be as safe, but
 *   whether a delivery succeeds would depend on the answer of the day, and a receiver that rebinds, or that shows the
 *   inside of its network by mistake, would go unnoticed.
 * @throws Error when the name does not resolve
 */
export async function resolveChecked(
  guard: Guard,
  host: string,
  resolve: ResolveHost = resolveHost,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  if (addresses.length === 0) {
    throw new Error(`${host} has no address`);
  }
  for (const address of addresses) {
    const verdict = guard.checkAddress(host, address);
    if (!verdict.allowed) {
      throw new RefusedAddressError(host, address, verdict);
    }
  }
  return addresses;
}
