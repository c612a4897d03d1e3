import fc from 'fast-check';
import { classifyAnswer } from './classifyAnswer';
import type { AnswerHeaders, SendResult } from './SendResult';

const nowMs = Date.UTC(2026, 7, 19, 10, 0, 0);

function answered(status: number, headers: AnswerHeaders = {}): SendResult {
  return {
    kind: 'answered',
    status,
    headers,
    body: '',
    cut: false,
    durationMs: 1,
  };
}

const classify = (status: number, retryAfter?: string) =>
  classifyAnswer(
    answered(
      status,
      retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    ),
    nowMs,
  );

describe('an answer', () => {
  it.each([200, 201, 202, 204, 299])('%s means delivered', status => {
    expect(classify(status)).toEqual({
      kind: 'delivered',
      reason: `Answered ${status}`,
    });
  });

  it('410 means that the endpoint is gone', () => {
    expect(classify(410, '120')).toEqual({
      kind: 'gone',
      reason: 'Answered 410: the receiver is gone and wants no more events',
    });
  });

  it.each([429, 502, 503, 504])('%s throttles the endpoint', status => {
    expect(classify(status)).toMatchObject({
      kind: 'throttled',
      retryAfterMs: undefined,
    });
    expect(classify(status, '120')).toEqual({
      kind: 'throttled',
      retryAfterMs: 120_000,
      reason: `Answered ${status}: the receiver cannot keep up, and asks for a pause of 120 s`,
    });
    expect(classify(status, 'Wed, 19 Aug 2026 10:02:00 GMT')).toMatchObject({
      retryAfterMs: 120_000,
    });
  });

  it.each([300, 301, 302, 303, 304, 307, 308])(
    '%s is a failure, for a redirect is not followed',
    status => {
      expect(classify(status)).toEqual({
        kind: 'failed',
        fault: 'endpoint',
        reason: `Answered ${status}: redirects are not followed, so the URL of the endpoint must change`,
      });
    },
  );

  it.each([400, 402, 406, 409, 411, 413, 414, 415, 422, 431, 451])(
    '%s is the fault of the event',
    status => {
      expect(classify(status)).toMatchObject({
        kind: 'failed',
        fault: 'event',
      });
    },
  );

  it.each([401, 403, 404, 405, 407, 408, 421, 500, 501, 505, 508, 599, 999])(
    '%s is the fault of the endpoint',
    status => {
      expect(classify(status)).toMatchObject({
        kind: 'failed',
        fault: 'endpoint',
      });
    },
  );

  it.each([301, 400, 401, 413, 500])(
    '%s throttles the endpoint if it asks for a pause',
    status => {
      const verdict = classify(status, '7');
      expect(verdict).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
      expect(verdict.reason).toMatch(/and asks for a pause of 7 s$/);
      // A pause that is over, or none, is no pause.
      for (const none of ['0', 'Wed, 19 Aug 2020 10:00:00 GMT']) {
        expect(classify(status, none).kind).toBe('failed');
      }
    },
  );

  it('may ask for a day at most, or for what the rules allow', () => {
    expect(classify(503, '999999999')).toMatchObject({
      retryAfterMs: 24 * 3_600_000,
    });
    expect(
      classifyAnswer(answered(503, { 'retry-after': '999' }), nowMs, {
        longestRetryAfterMs: 1_000,
      }),
    ).toMatchObject({ retryAfterMs: 1_000 });
  });

  it('that asks for nonsense asks for nothing', () => {
    expect(classify(503, 'later')).toEqual({
      kind: 'throttled',
      retryAfterMs: undefined,
      reason: 'Answered 503: the receiver cannot keep up',
    });
  });

  it('means delivered when it is 2xx, and never otherwise', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 999 }),
        fc.string(),
        (status, retryAfter) => {
          const verdict = classify(status, retryAfter);
          expect(verdict.kind === 'delivered').toBe(status < 300);
          expect(verdict.reason).toMatch(/^Answered \d{3}/);
        },
      ),
    );
  });
});

describe('no answer', () => {
  it('is the fault of the endpoint', () => {
    expect(
      classifyAnswer(
        {
          kind: 'failed',
          reason: 'refused',
          message: 'The connection was refused',
          durationMs: 1,
        },
        nowMs,
      ),
    ).toEqual({
      kind: 'failed',
      fault: 'endpoint',
      reason: 'The connection was refused',
    });
  });

  it('is nobody’s fault when we gave up ourselves', () => {
    expect(
      classifyAnswer({ kind: 'cancelled', durationMs: 1 }, nowMs).kind,
    ).toBe('cancelled');
  });
});
