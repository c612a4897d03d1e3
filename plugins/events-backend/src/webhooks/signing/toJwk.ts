import { createHash } from 'node:crypto';
import type { Ed25519Signer } from './parseSigner';

/** The public key of an ed25519 signer as a JWK (RFC 8037, section 2). */
export interface Ed25519Jwk {
  kty: 'OKP';
  crv: 'Ed25519';
  /** The key's 32 bytes in base64url. */
  x: string;
  /** The key's thumbprint (RFC 7638), so the same key has the same name everywhere. */
  kid: string;
  use: 'sig';
}

/**
 * Presents the public key of a signer for a JWKS address.
 *
 * @returns nothing secret
 */
export function toJwk(signer: Pick<Ed25519Signer, 'publicKey'>): Ed25519Jwk {
  const x = Buffer.from(
    signer.publicKey.slice('whpk_'.length),
    'base64',
  ).toString('base64url');
  // The required members, in the order of the alphabet, are what is hashed (RFC 7638, section 3; RFC 8037, section 2).
  const required = { crv: 'Ed25519', kty: 'OKP', x } as const;
  return {
    ...required,
    kid: createHash('sha256')
      .update(JSON.stringify(required))
      .digest('base64url'),
    use: 'sig',
  };
}
