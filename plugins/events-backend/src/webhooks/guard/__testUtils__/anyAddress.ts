import fc from 'fast-check';
import type { Address, AddressRange } from '../address';

/** Writes an address in plain notation, IPv6 with all of its groups. */
export function writeAddress({ family, bits }: Address): string {
  return family === 4
    ? takeApart(bits, 4, 8).join('.')
    : takeApart(bits, 8, 16)
        .map(group => group.toString(16))
        .join(':');
}

/** The last address of a range. */
export function lastOf({ first, prefix }: AddressRange): Address {
  const width = first.family === 4 ? 32 : 128;
  return {
    family: first.family,
    bits: first.bits + 2n ** BigInt(width - prefix) - 1n,
  };
}

/** The address that stands so many places after another, if there is one. */
export function step(address: Address, places: bigint): Address | undefined {
  const bits = address.bits + places;
  const end = address.family === 4 ? 2n ** 32n : 2n ** 128n;
  return bits >= 0n && bits < end ? { ...address, bits } : undefined;
}

/** Any address of a range, its ends more often. */
export function anyAddressIn(range: AddressRange): fc.Arbitrary<Address> {
  const { family, bits: min } = range.first;
  return fc
    .bigInt({ min, max: lastOf(range).bits })
    .map(bits => ({ family, bits }));
}

/** Any address of a family. */
export function anyAddress(family: 4 | 6): fc.Arbitrary<Address> {
  return anyAddressIn({ first: { family, bits: 0n }, prefix: 0 });
}

function takeApart(bits: bigint, parts: number, width: number): number[] {
  return Array.from({ length: parts }, (_, place) =>
    Number(BigInt.asUintN(width, bits >> BigInt(width * (parts - 1 - place)))),
  );
}
