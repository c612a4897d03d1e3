import {
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { decodeBase64 } from './decodeBase64';

/** Checks signatures of one version. */
export interface VerificationKey {
  version: string;
  /**
   * @param content - what was signed: id, timestamp and body
   * @param signatures - of this version, in base64
   * @returns whether any of them was made with this key over this content
   */
  matchesAny(content: Uint8Array, signatures: readonly string[]): boolean;
}

/**
 * Parses a key as the sender shows it.
 *
 * @param text - `whsec_` and base64 of 24 to 64 bytes, a secret for `v1`; or `whpk_` and base64 of 32 bytes, the
 *   ed25519 public key for `v1a`
 * @param name - of the key in messages
 * @throws TypeError that says what is wrong, and holds no part of the key
 */
export function parseKey(text: unknown, name: string): VerificationKey {
  if (typeof text !== 'string') {
    throw new TypeError(`${name} is not a text. Is the setting missing?`);
  }
  const end = text.indexOf('_') + 1;
  const bytes = decodeBase64(text.slice(end));
  switch (text.slice(0, end)) {
    case 'whsec_':
      return createSecretVerifier(checkSize(bytes, name, 24, 64));
    case 'whpk_':
      return createPublicKeyVerifier(checkSize(bytes, name, 32, 32));
    case 'whsk_':
      throw new TypeError(
        `${name} is a private key, which belongs to the sender alone. Give the public key, 'whpk_…'.`,
      );
    default:
      throw new TypeError(
        `${name} begins neither with 'whsec_' (a secret) nor with 'whpk_' (a public key).`,
      );
  }
}

function checkSize(
  bytes: Uint8Array | undefined,
  name: string,
  min: number,
  max: number,
): Uint8Array {
  if (!bytes) {
    throw new TypeError(
      `${name} is not padded base64 after its prefix. Is it whole, without spaces or line breaks?`,
    );
  }
  if (bytes.length < min || bytes.length > max) {
    throw new TypeError(
      `${name} holds ${bytes.length} bytes, and must hold ${
        min === max ? min : `${min} to ${max}`
      }.`,
    );
  }
  return bytes;
}

function createSecretVerifier(secret: Uint8Array): VerificationKey {
  const key = createSecretKey(secret);
  return {
    version: 'v1',
    matchesAny(content, signatures) {
      const expected = Buffer.from(
        createHmac('sha256', key).update(content).digest('base64'),
      );
      return signatures.some(signature => {
        const given = Buffer.from(signature);
        // The length is no secret.
        return (
          given.length === expected.length && timingSafeEqual(given, expected)
        );
      });
    },
  };
}

function createPublicKeyVerifier(publicKey: Uint8Array): VerificationKey {
  const key = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(publicKey).toString('base64url'),
    },
  });
  return {
    version: 'v1a',
    matchesAny: (content, signatures) =>
      signatures.some(signature => {
        const given = decodeBase64(signature);
        return given?.length === 64 && verify(null, content, key, given);
      }),
  };
}
