import fc from 'fast-check';
import { WebhookVerifier } from './index';
import {
  body,
  catchError,
  findReason,
  makeHeaders,
  nowMs,
  publicKey,
  secretBytes,
  signWithSecret,
  timestamp,
  verifier,
} from './__testUtils__/requests';

describe('headers', () => {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

  it.each(names)('needs %s', name => {
    for (const value of [undefined, '', []]) {
      const headers = makeHeaders({ [name]: value });
      expect(findReason({ headers, body })).toBe('missing-header');
    }
    const headers = new Headers(
      Object.entries(makeHeaders()).filter(([key]) => key !== name),
    );
    expect(findReason({ headers, body })).toBe('missing-header');
  });

  it.each(names)('refuses %s twice', name => {
    const value = new Map(Object.entries(makeHeaders())).get(name) ?? '';
    for (const more of [
      { [name]: [value, value].flat() },
      { [name.toUpperCase()]: value },
    ]) {
      expect(findReason({ headers: makeHeaders(more), body })).toBe(
        'repeated-header',
      );
    }
  });

  it('finds names in any letter case', () => {
    const headers = Object.fromEntries(
      Object.entries(makeHeaders()).map(([name, value]) => [
        name.replace('webhook', 'Webhook').toUpperCase(),
        [value].flat(),
      ]),
    );
    expect(findReason({ headers, body })).toBeUndefined();
  });

  it('takes a header that is named like a method for a header', () => {
    const headers = makeHeaders({ get: 'x', constructor: 'y' });
    expect(findReason({ headers, body })).toBeUndefined();
  });

  it.each([
    ['with a point', 'msg.1'],
    ['with a space', 'msg 1'],
    ['with a comma and a space, as two headers are joined', 'msg_1, msg_2'],
    ['with a letter beyond ASCII', 'msg_é'],
    ['with a control character', 'msg_\u007f'],
  ])('refuses an id %s', (_, id) => {
    const headers = makeHeaders({ 'webhook-id': id });
    expect(findReason({ headers, body })).toBe('malformed-id');
  });

  it('does not let a point in the id move the border to the body', () => {
    const content = Buffer.from(`${timestamp + 1}.{"a":1}`);
    const signature = signWithSecret(secretBytes, 'msg', timestamp, content);
    const headers = {
      'webhook-id': `msg.${timestamp}`,
      'webhook-timestamp': String(timestamp + 1),
      'webhook-signature': signature,
    };
    expect(findReason({ headers, body })).toBe('malformed-id');
  });

  it.each([
    '1.7e9',
    '1700000000.0',
    ' 1700000000',
    '1700000000 ',
    '+1700000000',
    '-1',
    '01700000000',
    '0x6553f100',
    '1700000000000000',
    'NaN',
    '١٧٠٠٠٠٠٠٠٠',
    '1700000000, 1700000000',
    '1700000000\n',
  ])('refuses the timestamp %j', value => {
    const headers = makeHeaders({
      'webhook-timestamp': value,
      'webhook-signature': signWithSecret(secretBytes, 'msg_1', value, body),
    });
    expect(findReason({ headers, body })).toBe('malformed-timestamp');
  });

  it('passes over versions that it does not know', () => {
    const signature = makeHeaders()['webhook-signature'];
    const headers = makeHeaders({
      'webhook-signature': `v2,abc v1b, ,  nonsense ${signature}`,
    });
    expect(findReason({ headers, body })).toBeUndefined();
  });

  it.each(['v2,abc', 'V1,abc', 'v1', 'nonsense', ' ', ',', 'v1 ,abc'])(
    'finds nothing to match in %j',
    signature => {
      const headers = makeHeaders({ 'webhook-signature': signature });
      expect(['no-usable-signature', 'no-matching-signature']).toContain(
        findReason({ headers, body }),
      );
    },
  );

  it('says so when no signature has a version that the keys are for', () => {
    const by = new WebhookVerifier({ keys: publicKey });
    expect(findReason({ headers: makeHeaders(), body }, { by })).toBe(
      'no-usable-signature',
    );
  });

  it('takes 32 signatures, and not one more', () => {
    const signature = makeHeaders()['webhook-signature'];
    const fill = (count: number) =>
      makeHeaders({
        'webhook-signature': [...Array(count).fill('v1,YQ=='), signature].join(
          ' ',
        ),
      });
    expect(findReason({ headers: fill(31), body })).toBeUndefined();
    expect(findReason({ headers: fill(32), body })).toBe('too-many-signatures');
  });

  it.each([
    ['webhook-id', 257],
    ['webhook-timestamp', 33],
    ['webhook-signature', 8_193],
  ])('refuses %s of %i characters', (name, length) => {
    const headers = makeHeaders({ [name]: '1'.repeat(length) });
    expect(findReason({ headers, body })).toBe('header-too-long');
  });

  it('verifies or refuses with a reason, whatever comes', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.constant(undefined),
      fc.constantFrom(...Object.values(makeHeaders())),
      fc.string().map(text => `v1a,${text}`),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value),
        fc.oneof(fc.string(), fc.uint8Array()),
        (headers, content) => {
          findReason({ headers, body: content });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('puts nothing of the request into its message', () => {
    const headers = makeHeaders({ 'webhook-id': 'forged.\u001b[31m' });
    const error = catchError(() => verifier.verify({ headers, body }, nowMs));
    expect(error).toMatchObject({
      name: 'WebhookVerificationError',
      message: expect.not.stringContaining('forged'),
    });
  });
});
