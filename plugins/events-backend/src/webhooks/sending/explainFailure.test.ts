import fc from 'fast-check';
import { explainFailure } from './explainFailure';

function coded(code: string, message = 'it says so'): Error {
  return Object.assign(new Error(message), { code });
}

describe('explainFailure', () => {
  it.each([
    ['ETIMEDOUT', 'timed out'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timed out'],
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['UND_ERR_SOCKET', 'reset'],
    ['ENOTFOUND', 'unresolved'],
    ['EAI_AGAIN', 'unresolved'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls'],
    ['EPROTO', 'tls'],
    ['UND_ERR_HEADERS_OVERFLOW', 'malformed answer'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'malformed answer'],
    ['UND_ERR_DESTROYED', 'other'],
    ['ECONNREFUSED_NOT', 'other'],
  ])('knows errors by their code: %s', (code, reason) => {
    expect(explainFailure(coded(code))).toEqual({
      reason,
      message: expect.stringMatching(/: it says so$/),
    });
  });

  it('looks behind an error, at causes and at the errors of each address', () => {
    const gathered = new AggregateError([
      new Error('first'),
      new Error('second', { cause: coded('EHOSTUNREACH', 'no route') }),
    ]);
    expect(explainFailure(new Error('failed', { cause: gathered }))).toEqual({
      reason: 'unreachable',
      message: 'The receiver cannot be reached: no route',
    });
  });

  it('says what the nearest error says, not what is behind it', () => {
    const behind = coded('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:443');
    const error = coded('ECONNREFUSED', 'connect ECONNREFUSED a.test:443');
    error.cause = behind;
    expect(explainFailure(error).message).toBe(
      'The connection was refused: connect ECONNREFUSED a.test:443',
    );
  });

  it('names the code when the error has no message', () => {
    const gathered = Object.assign(new AggregateError([]), {
      code: 'ECONNREFUSED',
    });
    expect(explainFailure(gathered).message).toBe(
      'The connection was refused: ECONNREFUSED',
    );
  });

  it('knows a guard by its name, wherever it is', () => {
    const refused = Object.assign(new Error('10.0.0.1 is private'), {
      name: 'RefusedAddressError',
    });
    expect(
      explainFailure(
        new Error('outer', { cause: new AggregateError([refused]) }),
      ),
    ).toEqual({
      reason: 'forbidden address',
      message: 'The address is not allowed: 10.0.0.1 is private',
    });
  });

  it('ends with errors that point at each other', () => {
    const one = new Error('one');
    one.cause = new Error('two', { cause: one });
    expect(explainFailure(one)).toEqual({
      reason: 'other',
      message: 'The request failed: one',
    });
  });

  it('keeps the sentence short', () => {
    expect(
      explainFailure(new Error('x'.repeat(10_000))).message.length,
    ).toBeLessThan(600);
  });

  it('takes whatever is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), thrown => {
        expect(explainFailure(thrown).message).toMatch(/^[A-Z]/);
      }),
    );
  });
});
