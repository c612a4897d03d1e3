import { isIP } from 'node:net';

/** An IP address as a number, so that ranges are arithmetic. */
export interface Address {
  family: 4 | 6;
  /** 32 of them or 128. */
  bits: bigint;
}

/** The addresses that share their first bits. */
export interface AddressRange {
  /** Its first address. */
  first: Address;
  /** How many bits are shared. */
  prefix: number;
}

/**
 * Reads an address in plain notation, which is how resolvers, sockets and the `hostname` of a WHATWG URL give it.
 *
 * @param text - dotted decimal, or IPv6 without brackets; a zone such as that of `fe80::1%eth0` says by which interface
 *   to get there, not where, and is left out
 * @returns `undefined` for anything else, odd notations such as `0x7f.1` included
 */
export function readAddress(text: string): Address | undefined {
  const plain = text.replace(/%.*$/, '');
  switch (isIP(plain)) {
    case 4:
      return { family: 4, bits: joinBits(plain.split('.').map(Number), 8) };
    case 6:
      return { family: 6, bits: joinBits(readGroups(plain), 16) };
    default:
      return undefined;
  }
}

/**
 * Reads a CIDR, such as `10.0.0.0/8` or `fc00::/7` (RFC 4632, section 3.1, and RFC 4291, section 2.3).
 *
 * @returns `undefined` for anything else, and when bits are set beyond the prefix: it is unclear what was meant
 */
export function readRange(text: string): AddressRange | undefined {
  const [, address, length] = text.match(/^([^/%]+)\/(0|[1-9]\d{0,2})$/) ?? [];
  const first = address === undefined ? undefined : readAddress(address);
  const prefix = Number(length);
  if (first === undefined || prefix > widthOf(first)) {
    return undefined;
  }
  const range = { first, prefix };
  return commonBits(range, first) << freeBits(range) === first.bits
    ? range
    : undefined;
}

/** Whether an address lies in a range; one of the other family never does. */
export function contains(range: AddressRange, address: Address): boolean {
  return (
    range.first.family === address.family &&
    commonBits(range, address) === commonBits(range, range.first)
  );
}

/** The part of an address that a range looks at. */
function commonBits(range: AddressRange, address: Address): bigint {
  return address.bits >> freeBits(range);
}

function freeBits({ first, prefix }: AddressRange): bigint {
  return BigInt(widthOf(first) - prefix);
}

function widthOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

/** The eight groups of an IPv6 address. URL writes all of its notations, dotted decimal at the end included, in one. */
function readGroups(text: string): number[] {
  const plain = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [left, right = []] = plain
    .split('::')
    .map(part => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map(group => parseInt(group, 16));
}

function joinBits(parts: number[], width: number): bigint {
  return parts.reduce(
    (bits, part) => (bits << BigInt(width)) + BigInt(part),
    0n,
  );
}
