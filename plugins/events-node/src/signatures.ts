import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Compares two secrets in a time that tells nothing about where, or how far, they differ.
 *
 * @param given - from outside
 * @param expected - the secret
 *
 * @public
 */
export function equalSecrets(given: string, expected: string): boolean {
  // Hashed first, since the comparison itself needs equal lengths.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * How a sender signs the body with HMAC.
 *
 * @public
 */
export interface HmacScheme {
  /** Of the hash, as `node:crypto` names it, such as `sha256`. */
  algorithm: string;
  /** Of the digest in the header. */
  encoding: 'hex' | 'base64';
  /** What stands before the digest, such as `sha256=`. */
  prefix: string;
}

/**
 * Checks an HMAC over the raw bytes of a body.
 *
 * @param options.signature - the header as it came
 * @param options.secrets - any of them may match, so that a secret can be rotated
 * @returns whether the signature is exactly what the sender must have sent; letter case counts
 *
 * @public
 */
export function verifyHmac(options: {
  body: Buffer;
  signature: string;
  secrets: readonly string[];
  scheme: HmacScheme;
}): boolean {
  const { body, signature, secrets, scheme } = options;
  const given = Buffer.from(signature);
  let matches = false;
  for (const secret of secrets) {
    const digest = createHmac(scheme.algorithm, secret)
      .update(body)
      .digest(scheme.encoding);
    const expected = Buffer.from(scheme.prefix + digest);
    // Every secret is tried, so that the time does not tell which one matched. The length is no secret.
    matches =
      (given.length === expected.length && timingSafeEqual(given, expected)) ||
      matches;
  }
  return matches;
}
