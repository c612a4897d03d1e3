import * as fc from 'fast-check';
import { SecretVault } from './SecretVault';

const oldKey = 'an old key that is long enough to be one';
const newKey = 'a new key that is long enough to be one.';

describe('a vault', () => {
  it('gives back what was sealed, to its owner alone', () => {
    const vault = new SecretVault([newKey]);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (secret, a, b) => {
        const sealed = vault.seal(secret, a);
        expect(vault.open(sealed, a)).toBe(secret);
        fc.pre(a !== b);
        expect(() => vault.open(sealed, b)).toThrow('cannot be decrypted');
      }),
    );
  });

  it('seals the same secret in another way each time, and shows none of it', () => {
    const vault = new SecretVault([newKey]);
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const sealed = [1, 2, 3].map(() => vault.seal(secret, 'e'));
    expect(new Set(sealed).size).toBe(3);
    expect(sealed.join()).not.toContain('MfKQ9r8G');
  });

  it('notices any change', () => {
    const vault = new SecretVault([newKey]);
    const sealed = vault.seal('secret', 'e');
    const text = sealed.lastIndexOf('.') + 1;
    const bytes = Buffer.from(sealed.slice(text), 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const changed = Buffer.from(bytes);
        changed[index] = changed[index] ^ (2 ** bit);
        expect(() =>
          vault.open(
            sealed.slice(0, text) + changed.toString('base64url'),
            'e',
          ),
        ).toThrow('cannot be decrypted');
      }),
    );
    for (const length of [0, 5, 27]) {
      const cut = bytes.subarray(0, length).toString('base64url');
      expect(() => vault.open(sealed.slice(0, text) + cut, 'e')).toThrow(
        'cannot be decrypted',
      );
    }
  });

  it('opens what an older key has sealed, and tells that it should be sealed anew', () => {
    const sealed = new SecretVault([oldKey]).seal('secret', 'e');
    const vault = new SecretVault([newKey, oldKey]);
    expect(vault.open(sealed, 'e')).toBe('secret');
    expect(vault.isOutdated(sealed)).toBe(true);
    expect(vault.isOutdated(vault.seal('secret', 'e'))).toBe(false);
    expect(() => new SecretVault([newKey]).open(sealed, 'e')).toThrow(
      'Put that key back',
    );
  });

  it('says what to do without a key, or with one that is too short', () => {
    expect(() => new SecretVault([]).seal('secret', 'e')).toThrow(
      'Set events.webhooks.encryptionKeys',
    );
    expect(new SecretVault([]).isOpen).toBe(false);
    expect(() => new SecretVault([newKey, 'short'])).toThrow(
      'events.webhooks.encryptionKeys[1] must have at least 32 characters',
    );
  });
});
