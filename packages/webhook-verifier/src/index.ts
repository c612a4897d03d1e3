/**
 * For receivers of webhooks: verifies requests that are signed as Standard Webhooks 1.0 says, with a shared secret
 * (`v1`) or with ed25519 (`v1a`).
 *
 * @packageDocumentation
 */
export {
  WebhookVerifier,
  type VerifiedWebhook,
  type WebhookRequest,
  type WebhookVerifierOptions,
} from './WebhookVerifier';
export {
  WebhookVerificationError,
  type WebhookVerificationReason,
} from './WebhookVerificationError';
export {
  type WebhookHeaderReader,
  type WebhookHeaderRecord,
  type WebhookHeaders,
} from './readHeaders';
