import { classifyAnswer } from './classifyAnswer';

const nowMs = Date.parse('2026-11-26T12:00:00Z');
const usedUp = {
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': String(nowMs / 1000 + 90),
};
const left = { ...usedUp, 'x-ratelimit-remaining': '4999' };

function classify(
  status: number,
  headers: Record<string, string> = {},
  message: string = 'no',
) {
  return classifyAnswer({ status, headers, body: { message } }, nowMs);
}

describe('an answer', () => {
  it.each([
    [200, 'answered'],
    [202, 'answered'],
    [204, 'answered'],
    [304, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'missing'],
    [408, 'unavailable'],
    [409, 'refused'],
    [410, 'missing'],
    [422, 'refused'],
    [451, 'refused'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
  ])('of %s is %s', (status, kind) => {
    expect(classify(status, left)).toEqual({ kind });
  });

  it.each([403, 429])(
    'of %s is limited until the hour is over when nothing is left',
    status => {
      expect(classify(status, usedUp)).toEqual({
        kind: 'limited',
        limit: { kind: 'primary', retryAfterMs: 90_000 },
      });
    },
  );

  it.each([403, 429])(
    'of %s is limited for as long as it says, whatever is left',
    status => {
      for (const headers of [usedUp, left, {}]) {
        expect(classify(status, { ...headers, 'retry-after': '17' })).toEqual({
          kind: 'limited',
          limit: { kind: 'secondary', retryAfterMs: 17_000 },
        });
      }
    },
  );

  it('is limited when it speaks of the secondary limit, or has no other reason for 429', () => {
    const limited = {
      kind: 'limited',
      limit: { kind: 'secondary', retryAfterMs: undefined },
    };

    expect(
      classify(403, left, 'You have exceeded a secondary rate limit.'),
    ).toEqual(limited);
    expect(
      classify(403, {}, 'You have triggered an abuse detection mechanism.'),
    ).toEqual(limited);
    expect(classify(429, left)).toEqual(limited);
  });
});
