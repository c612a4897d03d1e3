import { isIP } from 'node:net';
import { parseUrl } from '../../model/parseUrl';
import {
  contains,
  readAddress,
  readRange,
  type Address,
  type AddressRange,
} from './address';
import { findDestination, isCarrier } from './specialRanges';

/** Where the allow-list is written. */
export const allowKey = 'events.webhooks.allow';

/** What an operator opens. */
export interface AllowList {
  /** Whether a host may be at any address. In plain form, see `toPlainHost`. */
  hasHost(host: string): boolean;
  /** Whether an address, as `findDestination` gives it, may be connected to. */
  hasAddress(destination: Address): boolean;
}

/**
 * The one form of a host in which it is compared: lower case, ASCII, without the dot of the root.
 *
 * @param host - as the `hostname` of a WHATWG URL
 */
export function toPlainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/**
 * Reads the list of what webhooks may reach although it is inside the network.
 *
 * @param entries - host names, `*.` and a suffix for all hosts below it, IP addresses, and CIDRs
 * @throws Error that names the first entry that is none of them, and the remedy
 */
export function readAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const suffixes: string[] = [];
  const ranges: AddressRange[] = [];
  for (const entry of entries) {
    const range = readAddresses(entry);
    if (range !== undefined) {
      ranges.push(range);
    } else if (entry.startsWith('*.')) {
      suffixes.push(`.${readHost(entry, entry.slice(2))}`);
    } else {
      hosts.add(readHost(entry, entry));
    }
  }
  return {
    hasHost: host =>
      hosts.has(host) || suffixes.some(suffix => host.endsWith(suffix)),
    hasAddress: destination =>
      ranges.some(range => contains(range, destination)),
  };
}

/** Reads an entry that has the form of an address or a range. */
function readAddresses(entry: string): AddressRange | undefined {
  if (entry.includes('/')) {
    const range = readRange(entry);
    if (range === undefined) {
      throw invalidEntry(
        entry,
        'is no CIDR, which is an address, / and the length of its prefix, and has no bits beyond it, such as 10.0.0.0/8',
      );
    }
    if (isCarrier(range)) {
      throw invalidEntry(
        entry,
        'stands for IPv4 addresses, which are to be given as such',
      );
    }
    return range;
  }
  const address = readAddress(entry);
  if (address === undefined) {
    return undefined;
  }
  if (entry.includes('%')) {
    throw invalidEntry(entry, 'has a zone, which is to be left out');
  }
  const first = findDestination(address);
  return { first, prefix: first.family === 4 ? 32 : 128 };
}

/** A name as DNS carries it (RFC 1035, section 2.3.4), which is laxer than host names are about `_`. */
const hostPattern = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

function readHost(entry: string, text: string): string {
  // What URL would take for another part of a URL is no part of a name.
  const url = /^[^\s/\\:@?#%[\]*]+$/.test(text)
    ? parseUrl(`http://${text}`)
    : undefined;
  const host = url ? toPlainHost(url.hostname) : '';
  if (isIP(host) !== 0) {
    throw invalidEntry(
      entry,
      `is an odd notation of the address ${host}, which is to be given as such`,
    );
  }
  if (!hostPattern.test(host)) {
    throw invalidEntry(
      entry,
      'is neither a host name (without scheme, port and path), nor *. and a host name, nor an IP address, nor a CIDR',
    );
  }
  return host;
}

function invalidEntry(entry: string, problem: string): Error {
  return new Error(`Invalid configuration: ${allowKey}: '${entry}' ${problem}`);
}
