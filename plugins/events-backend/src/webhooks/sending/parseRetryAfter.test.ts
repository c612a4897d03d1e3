import fc from 'fast-check';
import { parseRetryAfter } from './parseRetryAfter';

const nowMs = Date.UTC(2026, 7, 19, 10, 0, 0);
const dayMs = 24 * 3_600_000;

const parse = (value: string, now = nowMs) =>
  parseRetryAfter(value, now, dayMs);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['007', 7_000],
    ['86401', dayMs],
    ['9'.repeat(500), dayMs],
  ])('may be seconds: %s', (value, pause) => {
    expect(parse(value)).toBe(pause);
  });

  it.each([
    ['Wed, 19 Aug 2026 10:02:00 GMT', 120_000],
    ['Wednesday, 19-Aug-26 10:02:00 GMT', 120_000],
    ['Wed Aug 19 10:02:00 2026', 120_000],
    ['Sat, 31 Dec 2016 23:59:60 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Mon, 01 Jan 2035 00:00:00 GMT', dayMs],
  ])('may be a date of each form: %s', (value, pause) => {
    expect(parse(value)).toBe(pause);
  });

  it('reads two digits of a year as no more than 50 years ahead', () => {
    expect(parse('Wednesday, 19-Aug-76 10:02:00 GMT')).toBe(dayMs);
    expect(parse('Wednesday, 19-Aug-77 10:02:00 GMT')).toBe(0);
  });

  it.each([
    '',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    '120 s',
    'soon',
    '2026-08-19T10:02:00Z',
    'Wed, 19 Aug 2026 10:02:00',
    'Wed, 19 Aug 2026 10:02:00 +0200',
    'Wed, 19 Aug 2026 24:02:00 GMT',
    'Wed, 31 Feb 2026 10:02:00 GMT',
    'Wed, 00 Aug 2026 10:02:00 GMT',
    '19 Aug 2026 10:02:00 GMT',
  ])('that is nonsense means nothing: %s', value => {
    expect(parse(value)).toBeUndefined();
  });

  it('is never less than nothing nor more than the longest, whatever comes', () => {
    const digits = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 400 })
      .map(each => each.join(''));
    const date = fc
      .date({ noInvalidDate: true })
      .map(each => each.toUTCString());
    fc.assert(
      fc.property(
        fc.oneof(digits, date, fc.string(), fc.string({ unit: 'binary' })),
        fc.integer({ min: 0, max: 4e12 }),
        fc.nat(dayMs),
        (value, now, longestMs) => {
          const pause = parseRetryAfter(value, now, longestMs) ?? 0;
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(longestMs);
        },
      ),
    );
  });

  it('of a date leads to that date', () => {
    const at = fc.integer({ min: 0, max: 100_000_000 });
    fc.assert(
      fc.property(at, at, (dateSeconds, nowSeconds) => {
        const value = new Date(dateSeconds * 1_000).toUTCString();
        expect(parseRetryAfter(value, nowSeconds * 1_000, Infinity)).toBe(
          Math.max(dateSeconds - nowSeconds, 0) * 1_000,
        );
      }),
    );
  });
});
