import { inspect } from 'node:util';
import fc from 'fast-check';
import { WebhookVerifier } from './index';
import {
  body,
  catchError,
  findReason,
  makeHeaders,
  makeKeyPair,
  otherBytes,
  otherSecret,
  privateKey,
  publicKey,
  secret,
  secretBytes,
  signWithPrivateKey,
  signWithSecret,
  timestamp,
  verifier,
} from './__testUtils__/requests';

describe('keys', () => {
  it('does not verify what another secret or another private key has signed', () => {
    const foreign = makeKeyPair();
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        (content, bytes) => {
          for (const signature of [
            signWithSecret(bytes, 'msg_1', timestamp, content),
            signWithPrivateKey(foreign.privateKey, 'msg_1', timestamp, content),
          ]) {
            const headers = makeHeaders({ 'webhook-signature': signature });
            expect(findReason({ headers, body: content })).toBe(
              'no-matching-signature',
            );
          }
        },
      ),
    );
  });

  it('takes any match of any key, so that a sender can rotate', () => {
    const old = signWithSecret(otherBytes, 'msg_1', timestamp, body);
    const current = signWithSecret(secretBytes, 'msg_1', timestamp, body);
    const asymmetric = signWithPrivateKey(privateKey, 'msg_1', timestamp, body);
    const headers = makeHeaders({
      'webhook-signature': [asymmetric, current, old].join(' '),
    });
    for (const keys of [
      secret,
      otherSecret,
      publicKey,
      [secret],
      [otherSecret, secret],
      [publicKey, otherSecret],
    ]) {
      const by = new WebhookVerifier({ keys });
      expect(findReason({ headers, body }, { by })).toBeUndefined();
    }
    const by = new WebhookVerifier({ keys: [otherSecret, secret] });
    for (const signature of [old, current]) {
      expect(
        findReason(
          { headers: makeHeaders({ 'webhook-signature': signature }), body },
          { by },
        ),
      ).toBeUndefined();
    }
  });

  it('never takes a signature of one version for one of another', () => {
    const [, value] = makeHeaders()['webhook-signature'].split(',');
    const headers = makeHeaders({ 'webhook-signature': `v1a,${value}` });
    expect(findReason({ headers, body })).toBe('no-matching-signature');
  });

  it('never uses a key that the request names', () => {
    const forger = makeKeyPair();
    const signature = signWithPrivateKey(
      forger.privateKey,
      'msg_1',
      timestamp,
      body,
    );
    const named = forger.publicKey;
    const headers = makeHeaders({
      'webhook-signature': `${signature} v1a,${named} ${named}`,
      'webhook-key': named,
    });
    expect(findReason({ headers, body })).toBe('no-matching-signature');
  });

  const base64 = (length: number) => Buffer.alloc(length, 9).toString('base64');

  it.each([
    ['none', []],
    ['an empty text', ''],
    ['without a prefix', base64(32)],
    ['of another kind', `sk_${base64(32)}`],
    ['a private key', `whsk_${base64(64)}`],
    ['a secret that is too short', `whsec_${base64(23)}`],
    ['a secret that is too long', `whsec_${base64(65)}`],
    ['a public key that is too short', `whpk_${base64(31)}`],
    ['a public key that is too long', `whpk_${base64(33)}`],
    ['followed by a line break', `whsec_${base64(32)}\n`],
    ['not padded', `whsec_${base64(32).replace('=', '')}`],
    ['in the alphabet of URLs', `whsec_${'-_'.repeat(16)}`],
    ['wrong in one place', [secret, `whsec_${base64(8)}`]],
  ])('that are %s are refused at once, and not shown', (_, keys) => {
    const make = () => new WebhookVerifier({ keys });
    expect(make).toThrow(TypeError);
    const message = inspect(catchError(make));
    for (const key of [keys].flat()) {
      const bytes = key.slice(key.indexOf('_') + 1);
      expect(bytes !== '' && message.includes(bytes)).toBe(false);
    }
  });

  it('says which key is wrong, and why', () => {
    expect(
      () => new WebhookVerifier({ keys: [secret, `whsec_${base64(8)}`] }),
    ).toThrow('Key 2 of 2 holds 8 bytes, and must hold 24 to 64.');
  });

  it('says that a setting may be missing, when plain JavaScript gives none', () => {
    const options = JSON.parse('{"keys":[null]}');
    expect(() => new WebhookVerifier(options)).toThrow(
      'Key 1 of 1 is not a text. Is the setting missing?',
    );
    expect(() => new WebhookVerifier(JSON.parse('{}'))).toThrow(TypeError);
  });

  it('does not show its keys when it is logged', () => {
    const shown =
      inspect(verifier, { showHidden: true, depth: 9 }) +
      JSON.stringify(verifier);
    expect(shown).not.toContain(secretBytes.toString('base64'));
    expect(shown).not.toContain(secretBytes.toString());
  });
});
