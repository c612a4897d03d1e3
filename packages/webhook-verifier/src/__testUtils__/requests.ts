import {
  createHmac,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import {
  WebhookVerificationError,
  WebhookVerifier,
  type WebhookRequest,
} from '../index';

/** Signs as Standard Webhooks 1.0 says, with a secret. */
export function signWithSecret(
  secret: Uint8Array,
  id: string,
  time: number | string,
  content: Uint8Array,
): string {
  const digest = createHmac('sha256', secret)
    .update(`${id}.${time}.`)
    .update(content)
    .digest('base64');
  return `v1,${digest}`;
}

/** Signs as Standard Webhooks 1.0 says, with ed25519. */
export function signWithPrivateKey(
  privateKey: KeyObject,
  id: string,
  time: number | string,
  content: Uint8Array,
): string {
  const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), content]);
  return `v1a,${sign(null, signed, privateKey).toString('base64')}`;
}

/** A key pair, its public key as a sender shows it. */
export function makeKeyPair() {
  const pair = generateKeyPairSync('ed25519');
  const { x = '' } = pair.publicKey.export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  return {
    privateKey: pair.privateKey,
    publicKey: `whpk_${bytes.toString('base64')}`,
  };
}

export const secretBytes = Buffer.from('a secret of thirty-two bytes ...');
export const secret = `whsec_${secretBytes.toString('base64')}`;
export const otherBytes = Buffer.alloc(24, 7);
export const otherSecret = `whsec_${otherBytes.toString('base64')}`;
export const { privateKey, publicKey } = makeKeyPair();

export const timestamp = 1_700_000_000;
export const nowMs = timestamp * 1_000;
export const body = Buffer.from('{"a":1}');

/** The headers of a request that verifies, some of them replaced. */
export function makeHeaders(
  more: Record<string, string | string[] | undefined> = {},
) {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signWithSecret(secretBytes, 'msg_1', timestamp, body),
    ...more,
  };
}

export const verifier = new WebhookVerifier({ keys: [secret, publicKey] });

/** Why a request does not verify; undefined when it does. */
export function findReason(
  request: WebhookRequest,
  { by = verifier, at = nowMs }: { by?: WebhookVerifier; at?: number } = {},
): string | undefined {
  const error = catchError(() => by.verify(request, at));
  if (error === undefined || error instanceof WebhookVerificationError) {
    return error?.reason;
  }
  throw error;
}

export function catchError(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
