import { createHmac, sign } from 'node:crypto';
import type { Signer } from './parseSigner';

/** What a request says of its signature; exactly the headers of Standard Webhooks 1.0. */
export interface SignatureHeaders {
  'webhook-id': string;
  /** Unix seconds. */
  'webhook-timestamp': string;
  /** Separated by spaces. */
  'webhook-signature': string;
}

/**
 * Visible ASCII without `.`, which ends the id in what is signed. The specification names no length;
 * `@callboard/webhook-verifier` takes as much.
 */
const idPattern = /^[!-\-/-~]{1,256}$/;

/**
 * Signs one attempt to send a message, as Standard Webhooks 1.0 says: over `id.timestamp.body`.
 *
 * @param options.id - of the message, the same for all attempts; up to 256 characters of visible ASCII without `.`
 * @param options.timestampSeconds - of this attempt, in whole unix seconds; receivers refuse what is 300 s off
 * @param options.body - the bytes that are sent
 * @param options.signers - newest first, so that a receiver that looks at the first signature alone gets the one that
 *   lasts; several while a key is rotated, and a receiver takes any
 * @returns the headers to send; nothing may overwrite them
 * @throws Error when no receiver could verify the request: without a signer, or with an id or a timestamp that is
 *   none
 */
export function signRequest(options: {
  id: string;
  timestampSeconds: number;
  body: Uint8Array;
  signers: readonly Signer[];
}): SignatureHeaders {
  const { id, timestampSeconds, body, signers } = options;
  if (!idPattern.test(id)) {
    throw new Error(
      `A message cannot be signed with the id ${JSON.stringify(
        id,
      )}: it must be up to 256 characters of visible ASCII without '.'`,
    );
  }
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new Error(
      `A message cannot be signed at ${timestampSeconds}: it must be whole seconds since 1970`,
    );
  }
  if (signers.length === 0) {
    throw new Error('A message cannot be signed without a key');
  }
  const head = `${id}.${timestampSeconds}.`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signers
      .map(signer => `${signer.version},${makeSignature(signer, head, body)}`)
      .join(' '),
  };
}

function makeSignature(signer: Signer, head: string, body: Uint8Array): string {
  if (signer.version === 'v1') {
    const hmac = createHmac('sha256', signer.key).update(head).update(body);
    return hmac.digest('base64');
  }
  // ed25519 reads what it signs twice, so it takes it whole (RFC 8032, section 5.1.6).
  const content = Buffer.concat([Buffer.from(head), body]);
  return sign(null, content, signer.key).toString('base64');
}
