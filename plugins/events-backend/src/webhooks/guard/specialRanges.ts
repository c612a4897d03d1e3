import {
  contains,
  readRange,
  type Address,
  type AddressRange,
} from './address';

/** What is wrong with an address, in the words of an error. */
const rules = {
  'this-host': 'an address of this host or network',
  unspecified: 'the unspecified address',
  loopback: 'a loopback address',
  private: 'a private address',
  'unique-local': 'a unique local (private) address',
  'site-local': 'a site-local (private) address',
  shared: 'an address that carriers and clouds use inside their networks',
  'link-local': 'a link-local address, where clouds keep their metadata',
  'cloud-platform': 'an address at which a cloud serves its own machines',
  'protocol-assignment': 'an address reserved for protocols',
  documentation: 'an address reserved for documentation',
  benchmarking: 'an address reserved for benchmarks',
  multicast: 'a multicast address',
  broadcast: 'the broadcast address',
  reserved: 'a reserved address',
  unassigned: 'an address outside of the global unicast space',
  discard: 'an address whose packets are thrown away',
  dummy: 'an address that leads nowhere by definition',
  'segment-routing': 'an address of a segment in a network',
  orchid: 'an identifier, not an address',
  'ipv4-compatible': 'an IPv4 address in a form that was given up',
  'ipv4-translated': 'an IPv4 address in the form of a translator',
  'local-nat64': 'an address of a translator in the network',
  '6to4': 'an address of the 6to4 transition, which was given up',
  '6to4-relay': 'a relay of the 6to4 transition, which was given up',
  teredo: 'an address of a Teredo tunnel',
  isatap: 'an address of an ISATAP tunnel',
} as const;

/** The name of a rule that refuses addresses. */
export type AddressRule = keyof typeof rules;

/** Why an address is special. */
export interface SpecialRange {
  rule: AddressRule;
  /** What such an address is, such as `a private address`. */
  meaning: string;
  /** The range as a CIDR and where it is laid down, such as `10.0.0.0/8, RFC 1918`. */
  source: string;
}

/**
 * The addresses that no outside receiver has: what the IANA special-purpose address registries for IPv4 and IPv6 (as of
 * October 2025) do not call globally reachable, multicast, what was given up, and what a cloud keeps for itself. The
 * first match counts, so a part of a range stands before the whole.
 *
 * Of 2001::/23 the registry calls a few anycast addresses of protocols reachable; none of them receives webhooks, so the
 * range is refused as a whole. For IPv6 the table ends with everything outside of 2000::/3, which IANA has not given
 * out.
 *
 * Forms that carry an IPv4 address and that nothing needs any more (6to4, Teredo, ISATAP, IPv4-compatible,
 * IPv4-translated) are refused whatever they carry: a receiver has another address too, and where such a packet comes out
 * is up to a relay that nobody here knows. So are those of 64:ff9b:1::/48: where in them the IPv4 address is, is up to
 * the network. The two forms that are in use are taken apart first, see `findSpecialRange`.
 */
const table: readonly (readonly [string, AddressRule, string])[] = [
  ['0.0.0.0/8', 'this-host', 'RFC 1122, section 3.2.1.3'],
  ['10.0.0.0/8', 'private', 'RFC 1918'],
  ['100.64.0.0/10', 'shared', 'RFC 6598'],
  ['127.0.0.0/8', 'loopback', 'RFC 1122, section 3.2.1.3'],
  // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16: public by its number only.
  ['168.63.129.16/32', 'cloud-platform', 'the platform of Azure'],
  ['169.254.0.0/16', 'link-local', 'RFC 3927'],
  ['172.16.0.0/12', 'private', 'RFC 1918'],
  ['192.0.0.0/24', 'protocol-assignment', 'RFC 6890, section 2.1'],
  ['192.0.2.0/24', 'documentation', 'RFC 5737'],
  ['192.88.99.0/24', '6to4-relay', 'RFC 7526'],
  ['192.168.0.0/16', 'private', 'RFC 1918'],
  ['198.18.0.0/15', 'benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'documentation', 'RFC 5737'],
  ['203.0.113.0/24', 'documentation', 'RFC 5737'],
  ['224.0.0.0/4', 'multicast', 'RFC 5771'],
  ['255.255.255.255/32', 'broadcast', 'RFC 919'],
  ['240.0.0.0/4', 'reserved', 'RFC 1112, section 4'],

  ['::/128', 'unspecified', 'RFC 4291, section 2.5.2'],
  ['::1/128', 'loopback', 'RFC 4291, section 2.5.3'],
  ['::/96', 'ipv4-compatible', 'RFC 4291, section 2.5.5.1'],
  ['::ffff:0:0:0/96', 'ipv4-translated', 'RFC 2765, section 2.1'],
  ['64:ff9b:1::/48', 'local-nat64', 'RFC 8215'],
  ['100::/64', 'discard', 'RFC 6666'],
  ['100:0:0:1::/64', 'dummy', 'RFC 9780'],
  ['2001::/32', 'teredo', 'RFC 4380'],
  ['2001:2::/48', 'benchmarking', 'RFC 5180'],
  ['2001:10::/28', 'orchid', 'RFC 4843'],
  ['2001:20::/28', 'orchid', 'RFC 7343'],
  ['2001::/23', 'protocol-assignment', 'RFC 2928'],
  ['2001:db8::/32', 'documentation', 'RFC 3849'],
  ['2002::/16', '6to4', 'RFC 3056'],
  ['3fff::/20', 'documentation', 'RFC 9637'],
  ['5f00::/16', 'segment-routing', 'RFC 9602'],
  ['fc00::/7', 'unique-local', 'RFC 4193'],
  ['fe80::/10', 'link-local', 'RFC 4291, section 2.5.6'],
  ['fec0::/10', 'site-local', 'RFC 3879'],
  ['ff00::/8', 'multicast', 'RFC 4291, section 2.7'],
  ['::/3', 'unassigned', 'RFC 4291, section 2.4'],
  ['4000::/2', 'unassigned', 'RFC 4291, section 2.4'],
  ['8000::/1', 'unassigned', 'RFC 4291, section 2.4'],
];

/** The table, in the order in which it is searched. */
export const specialRanges: readonly (SpecialRange & {
  range: AddressRange;
})[] = table.map(([cidr, rule, source]) => ({
  range: parseRange(cidr),
  rule,
  meaning: rules[rule],
  source: `${cidr}, ${source}`,
}));

/** IPv6 for IPv4: the operating system's own form (RFC 4291, section 2.5.5.2), and NAT64's (RFC 6052, section 2.1). */
const carriers = ['::ffff:0:0/96', '64:ff9b::/96'].map(parseRange);

/** Whether all of a range is nothing but IPv4 addresses in IPv6 form. */
export function isCarrier({ first, prefix }: AddressRange): boolean {
  return carriers.some(
    carrier => contains(carrier, first) && prefix >= carrier.prefix,
  );
}

/**
 * The address that packets to an address arrive at.
 *
 * @returns of an IPv4-mapped address and of one of NAT64 the IPv4 address in it, of others the address itself. To the
 *   operating system a mapped address is the IPv4 address; and where there is NAT64, every name that has an IPv4 address
 *   only resolves to one of its addresses (RFC 6147), so to refuse them all would refuse most receivers.
 */
export function findDestination(address: Address): Address {
  return carriers.some(carrier => contains(carrier, address))
    ? { family: 4, bits: address.bits & 0xffff_ffffn }
    : address;
}

/**
 * Says why nobody outside can be behind an address.
 *
 * @param destination - as `findDestination` gives it
 * @returns the first match, or `undefined` for an address that anybody may have
 */
export function findSpecialRange(
  destination: Address,
): SpecialRange | undefined {
  return (
    specialRanges.find(({ range }) => contains(range, destination)) ??
    (isIsatap(destination) ? isatap : undefined)
  );
}

const isatap: SpecialRange = {
  rule: 'isatap',
  meaning: rules.isatap,
  source: 'RFC 5214, section 6.1',
};

/** ISATAP is told by the second half of the address, `0:5efe` or `200:5efe` and an IPv4 address, not by a range. */
function isIsatap({ family, bits }: Address): boolean {
  return family === 6 && ((bits >> 32n) & 0xfdff_ffffn) === 0x5efen;
}

function parseRange(cidr: string): AddressRange {
  const range = readRange(cidr);
  if (range === undefined) {
    throw new Error(`${cidr} is no range of addresses`);
  }
  return range;
}
