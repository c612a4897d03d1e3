/**
 * Why a request is not believed.
 *
 * - `missing-header`: one of the three headers is missing or empty.
 * - `repeated-header`: one of them came more than once, so it is open which is meant.
 * - `header-too-long`: one of them is longer than any sender has reason to make it.
 * - `malformed-id`: the id has a character other than visible ASCII, or a `.`, which would let an attacker move the
 *   border between id, timestamp and body.
 * - `malformed-timestamp`: not a whole number of seconds.
 * - `timestamp-too-old`, `timestamp-too-new`: outside of the tolerance. If it happens to all requests, look at the clock.
 * - `too-many-signatures`: more than any rotation needs.
 * - `no-usable-signature`: no signature has a version that any of the keys is for.
 * - `no-matching-signature`: the body was changed on its way (often by parsing it and writing it again), or it was
 *   signed with a key that is not among the keys.
 *
 * @public
 */
export type WebhookVerificationReason =
  | 'missing-header'
  | 'repeated-header'
  | 'header-too-long'
  | 'malformed-id'
  | 'malformed-timestamp'
  | 'timestamp-too-old'
  | 'timestamp-too-new'
  | 'too-many-signatures'
  | 'no-usable-signature'
  | 'no-matching-signature';

/**
 * Says that a request is not what its sender signed. Answer it with 401 or 400, and do not act on it.
 *
 * @public
 */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';

  /**
   * @param reason - for machines
   * @param message - for people; holds nothing secret, and nothing from the request
   */
  constructor(readonly reason: WebhookVerificationReason, message: string) {
    super(message);
  }
}
