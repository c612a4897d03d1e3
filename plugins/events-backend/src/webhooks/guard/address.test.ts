import { BlockList } from 'node:net';
import fc from 'fast-check';
import { anyAddress, writeAddress } from './__testUtils__/anyAddress';
import { contains, readAddress, readRange } from './address';

describe('reading an address', () => {
  it.each<4 | 6>([4, 6])('reads what is written, IPv%i', family => {
    fc.assert(
      fc.property(anyAddress(family), address => {
        expect(readAddress(writeAddress(address))).toEqual(address);
      }),
    );
  });

  it('reads all notations of an IPv6 address alike', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter(text => !text.includes('.')),
        text => {
          const address = readAddress(text);
          if (address === undefined) {
            throw new Error(`${text} was not read`);
          }
          expect(readAddress(writeAddress(address))).toEqual(address);
          expect(readAddress(text.toUpperCase())).toEqual(address);
          expect(readAddress(`${text}%eth0`)).toEqual(address);
        },
      ),
    );
    expect(readAddress('::1.2.3.4')).toEqual(readAddress('::102:304'));
    expect(readAddress('1::')).toEqual({ family: 6, bits: 2n ** 112n });
    expect(readAddress('::')).toEqual({ family: 6, bits: 0n });
  });

  it.each([
    '',
    'a',
    '1',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.1.',
    ' 127.0.0.1',
    '1.2.3.256',
    '[::1]',
    '::1::',
    '1:2:3:4:5:6:7:8:9',
    '::g',
    '%eth0',
  ])('reads no address in %j', text => {
    expect(readAddress(text)).toBeUndefined();
  });
});

describe('a range', () => {
  it.each<4 | 6>([4, 6])('has what a BlockList has, IPv%i', family => {
    const width = family === 4 ? 32 : 128;
    const near = fc
      .tuple(anyAddress(family), fc.nat(width), fc.nat(width))
      .chain(([address, prefix, place]) => {
        const free = BigInt(width - prefix);
        const first = { family, bits: (address.bits >> free) << free };
        // Differs from the first in one bit, so that both sides of the end of the prefix are met.
        const other =
          place === width ? first.bits : first.bits ^ (1n << BigInt(place));
        return fc.record({
          first: fc.constant(writeAddress(first)),
          prefix: fc.constant(prefix),
          candidate: fc.constantFrom(
            writeAddress({ family, bits: other }),
            writeAddress(address),
          ),
        });
      });
    fc.assert(
      fc.property(near, ({ first, prefix, candidate }) => {
        const list = new BlockList();
        list.addSubnet(first, prefix, `ipv${family}`);
        const range = readRange(`${first}/${prefix}`);
        const address = readAddress(candidate);
        if (range === undefined || address === undefined) {
          throw new Error(`${first}/${prefix} or ${candidate} was not read`);
        }
        expect(contains(range, address)).toBe(
          list.check(candidate, `ipv${family}`),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('has no address of the other family', () => {
    for (const [cidr, address] of [
      ['::/0', '1.2.3.4'],
      ['0.0.0.0/0', '::'],
    ]) {
      const range = readRange(cidr);
      const read = readAddress(address);
      expect(range && read && contains(range, read)).toBe(false);
    }
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '10/8',
    '10.0.0.1/8',
    '::/129',
    'fe80::%eth0/10',
    'fe80::1/10',
    '[fe80::]/10',
  ])('is not %j', text => {
    expect(readRange(text)).toBeUndefined();
  });
});
