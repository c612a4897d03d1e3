import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { NotImplementedError } from '@backstage/errors';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** Of NIST SP 800-38D, section 8.2.2: random, and of 96 bits. */
const nonceBytes = 12;
const tagBytes = 16;
/** Tells apart what was sealed in another way, if there ever is another. */
const version = 'v1';

/** The shortest text that a key may be made from, in characters. */
export const minKeyLength = 32;

interface VaultKey {
  id: string;
  key: Buffer;
}

/**
 * Seals secrets, so that whoever reads the database, or a copy of it, reads none.
 *
 * @remarks
 * A secret is sealed for its owner: one that is moved to another row cannot be opened there.
 */
export class SecretVault {
  readonly #keys: readonly VaultKey[];

  /**
   * @param keys - of `events.webhooks.encryptionKeys`: the first one seals, and any opens, so that keys can be changed
   * @throws Error when one is too short, without a part of it
   */
  constructor(keys: readonly string[]) {
    const short = keys.findIndex(({ length }) => length < minKeyLength);
    if (short >= 0) {
      throw new Error(
        `Invalid configuration: events.webhooks.encryptionKeys[${short}] must have at least ${minKeyLength} characters. Make one with: openssl rand -base64 32`,
      );
    }
    this.#keys = keys.map(deriveKey);
  }

  /** Whether anything can be sealed. */
  get isOpen(): boolean {
    return this.#keys.length > 0;
  }

  /**
   * Seals a secret.
   *
   * @param owner - whose it is, such as the id of an endpoint
   * @returns text that can be stored
   * @throws NotImplementedError with the remedy, when there is no key
   */
  seal(secret: string, owner: string): string {
    const [newest] = this.#keys;
    if (!newest) {
      throw new NotImplementedError(
        'Secrets of endpoints are encrypted at rest, and there is no key for that. Set events.webhooks.encryptionKeys to a list of one, made with: openssl rand -base64 32',
      );
    }
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, newest.key, nonce);
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([
      nonce,
      cipher.update(secret, 'utf-8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return [version, newest.id, sealed.toString('base64url')].join('.');
  }

  /**
   * Opens what was sealed for the same owner.
   *
   * @throws Error with the remedy, when the key is not there any more, or the text was changed or belongs to another owner
   */
  open(sealed: string, owner: string): string {
    const [usedVersion, keyId, text = ''] = sealed.split('.');
    const known = this.#keys.find(({ id }) => id === keyId);
    if (usedVersion !== version || !known) {
      throw new Error(
        `The secret of ${owner} was encrypted with a key that is not in events.webhooks.encryptionKeys. Put that key back, behind the newer ones`,
      );
    }
    const bytes = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv(
        algorithm,
        known.key,
        bytes.subarray(0, nonceBytes),
        { authTagLength: tagBytes },
      );
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      return (
        decipher.update(
          bytes.subarray(nonceBytes, -tagBytes),
          undefined,
          'utf-8',
        ) + decipher.final('utf-8')
      );
    } catch (cause) {
      throw new Error(
        `The secret of ${owner} cannot be decrypted: it was changed in the database, or is another's`,
        { cause },
      );
    }
  }

  /** Whether something was sealed with another key than new secrets are, and should be sealed anew. */
  isOutdated(sealed: string): boolean {
    return sealed.split('.')[1] !== this.#keys[0]?.id;
  }
}

/** Any text will do, so the key is derived (RFC 5869), and so is a name for it that tells nothing of it. */
function deriveKey(text: string): VaultKey {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', text, '', `callboard ${purpose}`, length));
  return {
    id: derive('key id', 6).toString('hex'),
    key: derive('endpoint secrets', keyBytes),
  };
}
