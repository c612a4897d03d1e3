import type { KeyDescription } from './endpoints';
import { parseSigner } from './webhooks';

/**
 * Says what a signing key is, without the key.
 *
 * @throws InputError that holds no part of the key, when it is none
 */
export function describeKey(key: string): KeyDescription {
  const signer = parseSigner(key);
  return signer.version === 'v1'
    ? { version: 'v1' }
    : { version: 'v1a', publicKey: signer.publicKey };
}
