import { inspect } from 'node:util';
import { createKeyPair, createSecret, parseSigner } from './index';

const bytesOf = (key: string) =>
  Buffer.from(key.slice(key.indexOf('_') + 1), 'base64');

describe('keys that are made', () => {
  it('are secrets of 32 bytes, never the same twice', () => {
    const secrets = Array.from({ length: 100 }, createSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(parseSigner(secret).version).toBe('v1');
    }
  });

  it('are pairs whose private key ends with the public key', () => {
    const pairs = Array.from({ length: 100 }, createKeyPair);
    expect(new Set(pairs.map(({ publicKey }) => publicKey)).size).toBe(100);
    for (const { privateKey, publicKey } of pairs) {
      expect(privateKey).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
      expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
      expect(bytesOf(privateKey).subarray(32)).toEqual(bytesOf(publicKey));
      expect(parseSigner(privateKey)).toMatchObject({
        version: 'v1a',
        publicKey,
      });
    }
  });
});

describe('a key for signing', () => {
  const base64 = (length: number) => Buffer.alloc(length, 9).toString('base64');

  it.each([24, 32, 64])('may be a secret of %i bytes', length => {
    expect(parseSigner(`whsec_${base64(length)}`).version).toBe('v1');
  });

  const mixed = Buffer.concat([
    bytesOf(createKeyPair().privateKey).subarray(0, 32),
    bytesOf(createKeyPair().publicKey),
  ]).toString('base64');

  it.each([
    ['empty', '', 'must begin with'],
    ['without a prefix', base64(32), 'must begin with'],
    ['a public key', `whpk_${base64(32)}`, 'must begin with'],
    ['a secret of 23 bytes', `whsec_${base64(23)}`, '24 to 64 bytes'],
    ['a secret of 65 bytes', `whsec_${base64(65)}`, '24 to 64 bytes'],
    [
      'a secret that is not padded',
      `whsec_${base64(32).replace('=', '')}`,
      'padded',
    ],
    [
      'a secret with a line break',
      `whsec_${base64(32)}\n`,
      'padded, of 24 to 64 bytes',
    ],
    [
      'a secret in the alphabet of URLs',
      `whsec_${'-_'.repeat(16)}`,
      'the base64',
    ],
    ['a seed alone', `whsk_${base64(32)}`, 'of 64 bytes'],
    ['a private key that is too long', `whsk_${base64(65)}`, 'of 64 bytes'],
    [
      'a private key with the public key of another',
      `whsk_${mixed}`,
      'must be the public key of the first',
    ],
  ])('must not be %s, and is not shown then', (_, key, message) => {
    const act = () => parseSigner(key);
    expect(act).toThrow(
      expect.objectContaining({
        name: 'InputError',
        message: expect.stringContaining(message),
      }),
    );
    const bytes = key.slice(key.indexOf('_') + 1);
    expect(act).not.toThrow(bytes || 'nothing to show');
  });

  it('does not show itself when it is logged', () => {
    for (const key of [createSecret(), createKeyPair().privateKey]) {
      const signer = parseSigner(key);
      const shown =
        inspect(signer, { showHidden: true, depth: 9 }) +
        JSON.stringify(signer);
      expect(shown).not.toContain(bytesOf(key).toString('base64'));
      expect(shown).not.toContain(
        bytesOf(key).subarray(0, 24).toString('base64'),
      );
    }
  });
});
