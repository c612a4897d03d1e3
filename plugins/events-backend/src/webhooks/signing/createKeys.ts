import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** As many as the hash of `v1` gives; Standard Webhooks 1.0 asks for 24 to 64. */
const secretLength = 32;

/**
 * Makes a secret for `v1`, which sender and receiver share.
 *
 * @returns `whsec_` and the base64 of 32 random bytes
 */
export function createSecret(): string {
  return `whsec_${randomBytes(secretLength).toString('base64')}`;
}

/**
 * Makes a pair of ed25519 keys for `v1a`.
 *
 * @returns the private key, which the sender keeps: `whsk_` and the base64 of the seed followed by the public key, 64
 *   bytes; and the public key, which receivers are shown: `whpk_` and the base64 of its 32 bytes
 */
export function createKeyPair(): { privateKey: string; publicKey: string } {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({
    format: 'jwk',
  });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  return {
    privateKey: `whsk_${Buffer.concat([seed, point]).toString('base64')}`,
    publicKey: `whpk_${point.toString('base64')}`,
  };
}
