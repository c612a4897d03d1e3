import { classifyAnswer } from './classifyAnswer';

const nowMs = Date.parse('2026-11-26T12:00:00Z');
const usedUp = {
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': String(nowMs / 1000 + 90),
};
const left = { ...usedUp, 'x-ratelimit-remaining': '4999' };
const secondaryMessage =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

function classify(
  status: number,
  headers: Record<string, string> = {},
  message: string = 'no',
) {
  return classifyAnswer({ status, headers, body: { message } }, nowMs, 'core');
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

  it.each([404, 410])(
    'of %s is none of GitHub when it has no message: it is of what stands in front of it',
    status => {
      for (const body of [undefined, '<html></html>', {}, { message: '' }]) {
        expect(
          classifyAnswer({ status, headers: left, body }, nowMs, 'core'),
        ).toEqual({ kind: 'unavailable' });
      }
    },
  );

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

    for (const status of [400, 403, 404, 422]) {
      expect(classify(status, left, secondaryMessage)).toEqual(limited);
    }
    expect(
      classify(403, {}, 'You have triggered an abuse detection mechanism.'),
    ).toEqual(limited);
    expect(classify(429, left)).toEqual(limited);
  });

  it('of REST may have a message that is not about itself, such as a commit', () => {
    expect(classify(200, left, secondaryMessage)).toEqual({ kind: 'answered' });
  });
});

describe('an answer of GraphQL', () => {
  const classifyQuery = (
    status: number,
    headers: Record<string, string>,
    body: unknown,
  ) => classifyAnswer({ status, headers, body }, nowMs, 'graphql');
  const waits: [Record<string, string>, number | undefined][] = [
    [{ ...left, 'retry-after': '17' }, 17_000],
    [{ ...usedUp, 'retry-after': '17' }, 17_000],
    [usedUp, 90_000],
    [left, undefined],
    [{}, undefined],
  ];

  it.each([
    ['its message', { message: secondaryMessage }],
    ['an error', { errors: [{ message: secondaryMessage }] }],
    [
      'one of several errors, whatever its type',
      {
        data: { viewer: null },
        errors: [
          { type: 'NOT_FOUND', message: 'no' },
          { type: 'RATE_LIMITED', message: secondaryMessage },
        ],
      },
    ],
    [
      'the type of an error',
      { errors: [{ type: 'SECONDARY_RATE_LIMITED', message: 'no' }] },
    ],
  ])('is limited when the secondary limit is spoken of in %s', (_, body) => {
    for (const status of [200, 400, 403, 429]) {
      for (const [headers, retryAfterMs] of waits) {
        expect(classifyQuery(status, headers, body)).toEqual({
          kind: 'limited',
          limit: { kind: 'secondary', retryAfterMs },
        });
      }
    }
  });

  it.each(['RATE_LIMITED', 'RATE_LIMIT'])(
    'is limited when an error has the type %s',
    type => {
      const body = { data: null, errors: [{ type, message: 'no' }] };
      for (const [headers, retryAfterMs] of waits) {
        expect(classifyQuery(200, headers, body)).toEqual({
          kind: 'limited',
          limit: { kind: 'primary', retryAfterMs },
        });
      }
    },
  );

  it.each([
    undefined,
    '',
    [],
    { message: 5 },
    { errors: 'none' },
    { errors: [null, 'RATE_LIMITED', { type: 5 }] },
    { data: { message: secondaryMessage } },
    { errors: [{ type: 'NOT_FOUND', message: 'no' }] },
  ])('is an answer otherwise, as %j', body => {
    for (const [headers] of waits) {
      expect(classifyQuery(200, headers, body)).toEqual({ kind: 'answered' });
    }
  });
});
