import fc from 'fast-check';
import { keyMaker } from './__testUtils__/endpointPools';
import type { SigningKey } from './Endpoint';
import {
  firstEnd,
  fitKeys,
  makeKey,
  maxOldKeys,
  nameDeclaredKeys,
  rotateKeys,
  takeKeys,
  withoutEnded,
  type HeldKey,
} from './signingKeys';

const maker = keyMaker;
const nowMs = 1_000_000;
const version = fc.constantFrom('v1' as const, 'v1a' as const);
/** Of one place in a time line of rotations. */
const rotations = fc.array(
  fc.record({
    version,
    afterMs: fc.nat(1_000),
    overlapMs: fc.nat(3_000),
  }),
  { maxLength: 40 },
);

/** Rotates keys, from one of each version on. */
function rotateAll(
  steps: readonly {
    version: HeldKey['version'];
    afterMs: number;
    overlapMs: number;
  }[],
) {
  let now = nowMs;
  let keys = [makeKey('v1', maker, now), makeKey('v1a', maker, now)];
  const states = [{ now, keys }];
  for (const step of steps) {
    now += step.afterMs;
    const newest = makeKey(step.version, maker, now);
    keys = rotateKeys(keys, newest, step.overlapMs, now);
    states.push({ now, keys });
  }
  return states;
}

describe('rotated keys', () => {
  it('leave one of each version that stays, the newest', () => {
    fc.assert(
      fc.property(rotations, steps => {
        for (const { keys } of rotateAll(steps)) {
          for (const each of ['v1', 'v1a'] as const) {
            const ofVersion = keys.filter(key => key.version === each);
            const [newest, ...old] = ofVersion;
            expect(newest.expiresAtMs).toBeUndefined();
            expect(old.every(key => key.expiresAtMs !== undefined)).toBe(true);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are ten old ones of a version at the most, none of which has ended', () => {
    fc.assert(
      fc.property(rotations, steps => {
        for (const { now, keys } of rotateAll(steps)) {
          for (const each of ['v1', 'v1a'] as const) {
            const old = keys.filter(
              key => key.version === each && key.expiresAtMs !== undefined,
            );
            expect(old.length).toBeLessThanOrEqual(maxOldKeys);
            expect(withoutEnded(old, now)).toEqual(old);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('end after the overlap, unless they were to end before', () => {
    const [first, second, third] = [1, 2, 3].map(() =>
      makeKey('v1', maker, nowMs),
    );
    const once = rotateKeys([first], second, 500, nowMs);
    const twice = rotateKeys(once, third, 5_000, nowMs + 100);
    expect(twice.map(({ id, expiresAtMs }) => [id, expiresAtMs])).toEqual([
      [third.id, undefined],
      [second.id, nowMs + 5_100],
      [first.id, nowMs + 500],
    ]);
    expect(firstEnd(twice)).toBe(nowMs + 500);
    expect(firstEnd([third])).toBeUndefined();
  });

  it('end at once without an overlap', () => {
    const [old, newest] = [1, 2].map(() => makeKey('v1', maker, nowMs));
    expect(rotateKeys([old], newest, 0, nowMs)).toEqual([newest]);
  });
});

describe('keys fitted to versions', () => {
  it('are made for a version that has none, and dropped with their version', () => {
    const first = fitKeys([], { signatures: ['v1'], maker, nowMs });
    expect(first.made).toEqual([expect.stringMatching(/^whsec_/)]);
    const both = fitKeys(first.keys, {
      signatures: ['v1', 'v1a'],
      maker,
      nowMs,
    });
    expect(both.made).toEqual([expect.stringMatching(/^whpk_/)]);
    expect(both.keys).toEqual(expect.arrayContaining(first.keys));
    const other = fitKeys(both.keys, { signatures: ['v1a'], maker, nowMs });
    expect(other.made).toEqual([]);
    expect(other.keys.map(key => key.version)).toEqual(['v1a']);
  });
});

describe('keys that are given', () => {
  const signatures = ['v1' as const];

  it('keep their name where the endpoint had them, and do not end', () => {
    const [old, newest] = [1, 2].map(() => makeKey('v1', maker, nowMs));
    const held = rotateKeys([old], newest, 500, nowMs);
    const { key } = makeKey('v1', maker, nowMs);
    expect(
      takeKeys([key, old.key], { held, signatures, maker, nowMs: nowMs + 1 }),
    ).toEqual([
      expect.objectContaining({ key, createdAtMs: nowMs + 1 }),
      { ...old, expiresAtMs: undefined },
    ]);
  });

  it('count once', () => {
    const { key } = makeKey('v1', maker, nowMs);
    expect(
      takeKeys([key, key], { held: [], signatures, maker, nowMs }),
    ).toHaveLength(1);
  });

  it('are refused when they are of a version that the endpoint does not sign with', () => {
    const { key } = makeKey('v1', maker, nowMs);
    const other = makeKey('v1a', maker, nowMs);
    expect(() =>
      takeKeys([key, other.key], { held: [], signatures, maker, nowMs }),
    ).toThrow(
      'secrets.signing[1] is a key of v1a, and the endpoint signs with v1',
    );
    expect(() =>
      takeKeys(['whsec_short'], { held: [], signatures, maker, nowMs }),
    ).toThrow('A secret for signing must be');
  });
});

describe('keys that are declared', () => {
  const declared = fc.array(
    fc.oneof(
      fc.constant({ version: 'v1' as const }),
      fc
        .constantFrom('whpk_a', 'whpk_b')
        .map(publicKey => ({ version: 'v1a' as const, publicKey })),
    ),
    { maxLength: 6 },
  );

  it('keep their names when they are declared again', () => {
    fc.assert(
      fc.property(declared, keys => {
        const named = nameDeclaredKeys([], keys, nowMs);
        expect(nameDeclaredKeys(named, keys, nowMs + 1)).toEqual(named);
      }),
    );
  });

  it('keep their names when a new one is put first', () => {
    fc.assert(
      fc.property(declared, keys => {
        const named = nameDeclaredKeys([], keys, nowMs);
        const more = [{ version: 'v1' as const }, ...keys];
        const [newest, ...rest] = nameDeclaredKeys(named, more, nowMs + 1);
        expect(rest).toEqual(named);
        expect(newest.createdAtMs).toBe(nowMs + 1);
      }),
    );
  });

  it('have a name each', () => {
    fc.assert(
      fc.property(declared, declared, (before, after) => {
        const named: SigningKey[] = nameDeclaredKeys(
          nameDeclaredKeys([], before, nowMs),
          after,
          nowMs,
        );
        expect(new Set(named.map(({ id }) => id)).size).toBe(after.length);
        expect(named.map(key => key.publicKey)).toEqual(
          after.map(key => ('publicKey' in key ? key.publicKey : undefined)),
        );
      }),
    );
  });
});
