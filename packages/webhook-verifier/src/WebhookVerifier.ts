import { isUint8Array } from 'node:util/types';
import { parseKey, type VerificationKey } from './parseKey';
import { readHeaders, type WebhookHeaders } from './readHeaders';
import { WebhookVerificationError } from './WebhookVerificationError';

/**
 * What a verifier needs to know.
 *
 * @public
 */
export interface WebhookVerifierOptions {
  /**
   * The sender's secrets (`whsec_…`, for `v1`) and public keys (`whpk_…`, for `v1a`). A signature of any of them
   * suffices, so that keys can be rotated.
   */
  keys: string | readonly string[];
  /**
   * How far the timestamp of a request may be from the clock, to either side, in seconds.
   *
   * @defaultValue 300
   */
  toleranceSeconds?: number;
}

/**
 * A request, as it came.
 *
 * @public
 */
export interface WebhookRequest {
  /** `Headers` of the Fetch API, or a record as `node:http` gives it. */
  headers: WebhookHeaders;
  /** The raw bytes. A text stands for its bytes in UTF-8, so give one only if the bytes were valid UTF-8. */
  body: Uint8Array | string;
}

/**
 * What a request that was verified says about itself.
 *
 * @public
 */
export interface VerifiedWebhook {
  /** Of the message: the same for all attempts to send it, so a receiver tells by it what it has already. */
  id: string;
  /** When this attempt was signed, to the second. */
  timestamp: Date;
}

/**
 * Verifies that requests come from a sender whose keys are known, unchanged and recently, as Standard Webhooks 1.0
 * says.
 *
 * @public
 */
export class WebhookVerifier {
  readonly #keys: readonly VerificationKey[];
  readonly #toleranceSeconds: number;

  /**
   * @throws TypeError when a key cannot be used, without a part of it
   * @throws RangeError when the tolerance is not a number of seconds
   */
  constructor(options: WebhookVerifierOptions) {
    const { keys, toleranceSeconds = 300 } = options;
    const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys];
    if (list.length === 0) {
      throw new TypeError('A verifier needs at least one key');
    }
    if (!Number.isFinite(toleranceSeconds) || toleranceSeconds < 0) {
      throw new RangeError('toleranceSeconds must be a number from 0 on');
    }
    this.#keys = list.map((key, index) =>
      parseKey(key, `Key ${index + 1} of ${list.length}`),
    );
    this.#toleranceSeconds = toleranceSeconds;
  }

  /**
   * Verifies one request.
   *
   * @remarks
   * Whoever can listen in can send a request again while its timestamp is within the tolerance. Remember the ids that
   * you have handled: a sender may repeat a message anyway, when your answer is lost.
   *
   * @param nowMs - the clock, in milliseconds since 1970; its whole seconds count
   * @returns what the request says about itself
   * @throws WebhookVerificationError with the reason, when the request is not to be believed
   * @throws TypeError when the body is neither text nor bytes, as when it was parsed already
   */
  verify(request: WebhookRequest, nowMs: number = Date.now()): VerifiedWebhook {
    const { id, timestampSeconds, signatures } = readHeaders(request.headers);
    this.#checkAge(timestampSeconds, nowMs);

    const known = signatures.filter(({ version }) =>
      this.#keys.some(key => key.version === version),
    );
    if (known.length === 0) {
      throw new WebhookVerificationError(
        'no-usable-signature',
        'The request has no signature of a version that the keys are for',
      );
    }
    const content = Buffer.concat([
      Buffer.from(`${id}.${timestampSeconds}.`),
      toBytes(request.body),
    ]);
    // Ends at the first match: how long it takes tells only those who can sign which of the keys they used.
    const matches = this.#keys.some(key =>
      key.matchesAny(
        content,
        known
          .filter(({ version }) => version === key.version)
          .map(({ value }) => value),
      ),
    );
    if (!matches) {
      throw new WebhookVerificationError(
        'no-matching-signature',
        'No signature of the request was made with one of the keys over these headers and this body',
      );
    }
    return { id, timestamp: new Date(timestampSeconds * 1_000) };
  }

  #checkAge(timestampSeconds: number, nowMs: number) {
    if (!Number.isFinite(nowMs)) {
      throw new RangeError('nowMs must be a number of milliseconds');
    }
    const age = Math.floor(nowMs / 1_000) - timestampSeconds;
    if (age > this.#toleranceSeconds) {
      throw new WebhookVerificationError(
        'timestamp-too-old',
        `The request was signed more than ${
          this.#toleranceSeconds
        } seconds ago`,
      );
    }
    if (age < -this.#toleranceSeconds) {
      throw new WebhookVerificationError(
        'timestamp-too-new',
        `The request was signed more than ${
          this.#toleranceSeconds
        } seconds in the future`,
      );
    }
  }
}

function toBytes(body: unknown): Uint8Array {
  if (typeof body === 'string') {
    return Buffer.from(body);
  }
  if (isUint8Array(body)) {
    return body;
  }
  throw new TypeError(
    'The body is neither text nor bytes. Give it as it came, before anything parses it: what is written again differs from what was signed.',
  );
}
