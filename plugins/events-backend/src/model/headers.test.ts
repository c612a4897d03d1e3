import fc from 'fast-check';
import { readHeaders } from './headers';

describe('readHeaders', () => {
  it.each([
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'x-gitlab-token',
    'x-hub-signature',
    'x-hub-signature-256',
    'x-api-key',
    'x-apikey',
    'x-auth',
    'x-auth-token',
    'x-webhook-secret',
    'x_password',
    'x-amz-security-token',
    'x-session',
    'x-shopify-hmac-sha256',
    'x-jwt',
    'backstage-credentials',
  ])('drops the credential %s', name => {
    expect(readHeaders({ [name]: 'secret', 'x-other': '1' })).toEqual({
      'x-other': '1',
    });
  });

  it.each([
    'x-github-event',
    'x-github-delivery',
    'x-tokenizer',
    'x-author',
    'x-keyboard',
    'x-design',
    'content-type',
    'user-agent',
    'traceparent',
    'x-gitlab-event-uuid',
    'x-sessions-count',
  ])('keeps the ordinary %s', name => {
    expect(readHeaders({ [name]: 'value' })).toEqual({ [name]: 'value' });
  });

  it('drops names that belong to Callboard', () => {
    expect(
      readHeaders({
        'callboard-event-id': 'forged',
        'callboard-anything': 'x',
        'x-callboard-event-id': 'theirs',
      }),
    ).toEqual({ 'x-callboard-event-id': 'theirs' });
  });

  it('keeps several values, and leaves out those that are missing', () => {
    expect(readHeaders({ 'x-many': ['1', '2'], 'x-none': undefined })).toEqual({
      'x-many': ['1', '2'],
    });
  });

  it('keeps every value as it came', () => {
    const name = fc
      .stringMatching(/^[a-z_]{1,12}$/)
      .map(text => `x${text.replace(/_/g, 'y')}z`);
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.oneof(fc.string(), fc.array(fc.string()))),
        headers => {
          expect(readHeaders(headers)).toEqual({ ...headers });
        },
      ),
    );
  });

  it('is not led astray by a name that objects have already', () => {
    const headers = JSON.parse('{"__proto__":["x"],"constructor":"y"}');
    const metadata = readHeaders(headers);
    expect(Object.keys(metadata)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });
});
