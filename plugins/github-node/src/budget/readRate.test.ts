import { readRate } from './readRate';

const nowMs = Date.parse('2026-11-26T12:00:00Z');

describe('what is left', () => {
  it('is counted to its end by the clock of GitHub, which may not be ours', () => {
    const reset = Date.parse('2026-11-26T10:30:00Z') / 1000;

    expect(
      readRate(
        {
          'x-ratelimit-remaining': '12',
          'x-ratelimit-reset': String(reset),
          date: 'Thu, 26 Nov 2026 10:00:00 GMT',
        },
        nowMs,
      ),
    ).toEqual({ remaining: 12, resetInMs: 30 * 60_000 });
  });

  it('is counted by ours when GitHub does not tell its own', () => {
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(nowMs / 1000 + 5),
    };

    expect(readRate(headers, nowMs)).toEqual({
      remaining: 0,
      resetInMs: 5_000,
    });
    expect(readRate(headers, nowMs + 9_000)?.resetInMs).toBe(0);
  });

  it('is not known of another resource, nor from headers that are missing or no numbers', () => {
    const headers = {
      'x-ratelimit-remaining': '5',
      'x-ratelimit-reset': '1800000000',
      'x-ratelimit-resource': 'search',
    };

    expect(readRate(headers, nowMs, 'core')).toBeUndefined();
    expect(readRate(headers, nowMs)?.remaining).toBe(5);
    expect(readRate({}, nowMs, 'core')).toBeUndefined();
    expect(
      readRate({ ...headers, 'x-ratelimit-remaining': 'some' }, nowMs),
    ).toBeUndefined();
  });
});
