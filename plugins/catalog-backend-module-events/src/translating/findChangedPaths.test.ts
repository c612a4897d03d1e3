import fc from 'fast-check';
import { findChangedPaths } from './findChangedPaths';

/** What a JSON Pointer names, and undefined where there is nothing (RFC 6901). */
function look(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (inner: unknown, name) =>
        new Map(Object.entries(Object(inner))).get(name),
      value,
    );
}

/** As JSON has values: it knows no negative zero, for one. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

describe('finding what differs', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, ['/a']],
    [{ a: { b: 1, c: 1 } }, { a: { b: 1, c: 2 } }, ['/a/c']],
    [{ a: 1 }, { b: 1 }, ['/a', '/b']],
    [{ a: [1, 2] }, { a: [0, 1, 2] }, ['/a']],
    [{ 'x/y~z': 1 }, { 'x/y~z': 2 }, ['/x~1y~0z']],
    [{ a: {} }, { a: [] }, ['/a']],
    [{ a: null }, {}, ['/a']],
    [1, 2, ['']],
  ])('between %j and %j names %j', (before, after, paths) => {
    expect(findChangedPaths(before, after)).toEqual(paths);
  });

  it('names nothing between equal values, in whatever order their fields are', () => {
    fc.assert(
      fc.property(json, value => {
        const other: unknown = JSON.parse(
          JSON.stringify(value, (_, inner) =>
            inner && typeof inner === 'object' && !Array.isArray(inner)
              ? Object.fromEntries(Object.entries(inner).reverse())
              : inner,
          ),
        );
        expect(findChangedPaths(value, other)).toEqual([]);
      }),
    );
  });

  it('names something whenever values differ, and each path leads to what differs', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const paths = findChangedPaths(before, after);
        const text = (value: unknown) => JSON.stringify(value);
        for (const path of paths) {
          expect(text(look(before, path))).not.toBe(text(look(after, path)));
        }
        if (paths.length === 0) {
          expect(after).toEqual(before);
        }
      }),
    );
  });
});
