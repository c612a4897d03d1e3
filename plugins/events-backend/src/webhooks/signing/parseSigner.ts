import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';
import { InputError } from '@backstage/errors';

/** What `v1` is signed with: HMAC-SHA256. */
export interface HmacSigner {
  version: 'v1';
  key: KeyObject;
}

/** What `v1a` is signed with. */
export interface Ed25519Signer {
  version: 'v1a';
  key: KeyObject;
  /** As receivers are shown it: `whpk_` and base64. */
  publicKey: string;
}

/** A key that requests are signed with. Parsed once, since that costs more than to sign. */
export type Signer = HmacSigner | Ed25519Signer;

/**
 * Parses a key that requests are to be signed with.
 *
 * @param text - a secret, `whsec_` and the base64 of 24 to 64 bytes; or a private key, `whsk_` and the base64 of the 32
 *   bytes of an ed25519 seed followed by the 32 bytes of its public key (Standard Webhooks 1.0)
 * @throws InputError that says what is wrong, and holds no part of the key
 */
export function parseSigner(text: string): Signer {
  const end = text.indexOf('_') + 1;
  const bytes = Buffer.from(text.slice(end), 'base64');
  // Node.js passes over what is not base64. Other receivers of the same text may not.
  const isCanonical = bytes.toString('base64') === text.slice(end);
  switch (text.slice(0, end)) {
    case 'whsec_':
      if (!isCanonical || bytes.length < 24 || bytes.length > 64) {
        throw new InputError(
          "A secret for signing must be 'whsec_' and the base64, padded, of 24 to 64 bytes",
        );
      }
      return { version: 'v1', key: createSecretKey(bytes) };
    case 'whsk_':
      if (!isCanonical || bytes.length !== 64) {
        throw new InputError(
          "A private key for signing must be 'whsk_' and the base64, padded, of 64 bytes: an ed25519 seed and its public key",
        );
      }
      return createEd25519Signer(bytes.subarray(0, 32), bytes.subarray(32));
    default:
      throw new InputError(
        "A key for signing must begin with 'whsec_' (a secret) or 'whsk_' (a private key)",
      );
  }
}

function createEd25519Signer(seed: Buffer, point: Buffer): Ed25519Signer {
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: seed.toString('base64url'),
      x: point.toString('base64url'),
    },
  });
  // Node.js takes the seed alone, and believes any public key beside it.
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x !== point.toString('base64url')) {
    throw new InputError(
      'The second half of a private key for signing must be the public key of the first',
    );
  }
  return {
    version: 'v1a',
    key,
    publicKey: `whpk_${point.toString('base64')}`,
  };
}
