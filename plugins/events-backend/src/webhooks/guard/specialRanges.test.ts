import fc from 'fast-check';
import {
  anyAddress,
  anyAddressIn,
  lastOf,
  step,
  writeAddress,
} from './__testUtils__/anyAddress';
import { contains, readAddress, readRange, type Address } from './address';
import {
  findDestination,
  findSpecialRange,
  isCarrier,
  specialRanges,
} from './specialRanges';

/** The rule that refuses an address as it is written, or `undefined`. */
function judge(text: string) {
  const address = readAddress(text);
  if (address === undefined) {
    throw new Error(`${text} is no address`);
  }
  return findSpecialRange(findDestination(address))?.rule;
}

/** The row of the table that comes first for an address. */
function firstRow(address: Address) {
  return specialRanges.find(({ range }) => contains(range, address));
}

describe('the table of special ranges', () => {
  it.each(specialRanges)('refuses every address of $source', row => {
    fc.assert(
      fc.property(anyAddressIn(row.range), address => {
        // Within a wider range, a narrower one may come first.
        const expected = firstRow(address);
        expect(findSpecialRange(address)).toBe(expected);
        if (expected !== row) {
          expect(expected?.range.prefix).toBeGreaterThan(row.range.prefix);
        }
      }),
    );
  });

  it.each(specialRanges)(
    'begins and ends $source where it should',
    ({ range, rule }) => {
      const last = lastOf(range);
      // The first address of `::/96` is a range of its own, and so on; the last never is but for `240.0.0.0/4`.
      expect(
        [range.first, last].map(end => findSpecialRange(end)?.rule),
      ).toContain(rule);
      for (const outside of [step(range.first, -1n), step(last, 1n)]) {
        expect(outside && contains(range, outside)).not.toBe(true);
      }
    },
  );

  it('has ranges that lie apart, or in one another with the narrower first', () => {
    specialRanges.forEach(({ range, source }, place) => {
      const hidden = specialRanges
        .slice(0, place)
        .filter(earlier => contains(earlier.range, range.first))
        .filter(earlier => earlier.range.prefix <= range.prefix);
      expect({ source, hidden }).toEqual({ source, hidden: [] });
    });
  });

  it('lets pass what lies just outside of each range', () => {
    const open = [
      '1.0.0.0',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '168.63.129.15',
      '168.63.129.17',
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '191.255.255.255',
      '192.0.1.0',
      '192.0.1.255',
      '192.0.3.0',
      '192.88.98.255',
      '192.88.100.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.17.255.255',
      '198.20.0.0',
      '198.51.99.255',
      '198.51.101.0',
      '203.0.112.255',
      '203.0.114.0',
      '223.255.255.255',
      '2001:200::',
      '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
      '2001:db9::',
      '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      '2003::',
      '2600::',
      '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      '3fff:1000::',
      '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ];
    expect(open.filter(judge)).toEqual([]);
  });

  it('refuses everything outside of 2000::/3', () => {
    const global = readRange('2000::/3');
    fc.assert(
      fc.property(anyAddress(6), address => {
        fc.pre(global !== undefined && !contains(global, address));
        expect(findSpecialRange(address)).toBeDefined();
      }),
    );
  });

  it('finds ISATAP in any network', () => {
    const network = anyAddressIn({
      first: { family: 6, bits: 0x2a00n << 112n },
      prefix: 16,
    });
    fc.assert(
      fc.property(network, fc.boolean(), (address, universal) => {
        const [a, b, c, d, , , g, h] = writeAddress(address).split(':');
        const identifier = universal ? '200:5efe' : '0:5efe';
        expect(judge([a, b, c, d, identifier, g, h].join(':'))).toBe('isatap');
        expect(judge([a, b, c, d, '1:5efe', g, h].join(':'))).toBeUndefined();
      }),
    );
  });
});

describe('an IPv4 address in IPv6 form', () => {
  it.each(['::ffff:', '64:ff9b::'])(
    'is judged as the IPv4 address after %s',
    form => {
      fc.assert(
        fc.property(anyAddress(4), address => {
          const text = writeAddress(address);
          expect(judge(`${form}${text}`)).toBe(judge(text));
        }),
      );
    },
  );

  it.each([
    ['::', 'ipv4-compatible'],
    ['::ffff:0:', 'ipv4-translated'],
    ['64:ff9b:1::', 'local-nat64'],
    ['64:ff9b:1:2:3:4:', 'local-nat64'],
    ['64:ff9b:0:0:0:1:', 'unassigned'],
    ['2002::', '6to4'],
    ['2001::', 'teredo'],
  ])('is refused whatever it is, after %s', (form, rule) => {
    fc.assert(
      fc.property(anyAddress(4), address => {
        fc.pre(address.bits > 1n);
        expect(judge(`${form}${writeAddress(address)}`)).toBe(rule);
      }),
    );
  });

  it('is told by its range', () => {
    const isCarrying = (cidr: string) => {
      const range = readRange(cidr);
      return range && isCarrier(range);
    };
    expect(isCarrying('::ffff:0:0/96')).toBe(true);
    expect(isCarrying('64:ff9b::a00:0/104')).toBe(true);
    expect(isCarrying('::/0')).toBe(false);
    expect(isCarrying('64:ff9b::/95')).toBe(false);
    expect(isCarrying('64:ff9b:1::/96')).toBe(false);
  });
});
