import { WebhookVerificationError } from './WebhookVerificationError';

/**
 * The headers of a request of the Fetch API, or whatever finds a header by its name as they do.
 *
 * @public
 */
export interface WebhookHeaderReader {
  get(name: string): string | null;
}

/**
 * The headers of a request of `node:http`, Express or Fastify. Letter case of names does not count.
 *
 * @public
 */
export type WebhookHeaderRecord = Readonly<
  Record<string, string | readonly string[] | undefined>
>;

/**
 * The headers of a request.
 *
 * @public
 */
export type WebhookHeaders = WebhookHeaderReader | WebhookHeaderRecord;

/** A signature, as it came. */
export interface GivenSignature {
  /** Such as `v1`. */
  version: string;
  /** In base64, if the sender keeps to the version. */
  value: string;
}

/*
 * The specification names no limits. These are far above what senders make, and keep what a stranger can have computed
 * small: 32 signatures cost 4 ms for each public key.
 */
const maxIdLength = 256;
const maxSignaturesLength = 8_192;
const maxSignatures = 32;

/** Twelve digits reach to the year 33658, and stay within what a `Date` can hold. */
const timestampPattern = /^(0|[1-9][0-9]{0,11})$/;
const maxTimestampLength = 32;

/** Visible ASCII. A `.` ends the id in what is signed. */
const idPattern = /^[!-~]+$/;

/**
 * Reads the three headers of Standard Webhooks 1.0.
 *
 * @returns timestamp in unix seconds; written in decimal, it is the text of the header again
 * @throws WebhookVerificationError
 */
export function readHeaders(headers: WebhookHeaders): {
  id: string;
  timestampSeconds: number;
  signatures: GivenSignature[];
} {
  const id = readHeader(headers, 'webhook-id', maxIdLength);
  const timestamp = readHeader(
    headers,
    'webhook-timestamp',
    maxTimestampLength,
  );
  const signatures = readHeader(
    headers,
    'webhook-signature',
    maxSignaturesLength,
  );
  if (!idPattern.test(id) || id.includes('.')) {
    throw new WebhookVerificationError(
      'malformed-id',
      "The header 'webhook-id' has a character that an id may not have",
    );
  }
  if (!timestampPattern.test(timestamp)) {
    throw new WebhookVerificationError(
      'malformed-timestamp',
      "The header 'webhook-timestamp' is not a whole number of seconds",
    );
  }
  return {
    id,
    timestampSeconds: Number(timestamp),
    signatures: splitSignatures(signatures),
  };
}

function readHeader(
  headers: WebhookHeaders,
  name: string,
  maxLength: number,
): string {
  const [value, ...others] = findValues(headers, name);
  if (others.length > 0) {
    throw new WebhookVerificationError(
      'repeated-header',
      `The header '${name}' came more than once`,
    );
  }
  if (!value) {
    throw new WebhookVerificationError(
      'missing-header',
      `The header '${name}' is missing`,
    );
  }
  if (value.length > maxLength) {
    throw new WebhookVerificationError(
      'header-too-long',
      `The header '${name}' is longer than ${maxLength} characters`,
    );
  }
  return value;
}

function findValues(headers: WebhookHeaders, name: string): readonly string[] {
  if (isReader(headers)) {
    const value = headers.get(name);
    return value ? [value] : [];
  }
  return Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
}

function isReader(headers: WebhookHeaders): headers is WebhookHeaderReader {
  return typeof headers.get === 'function';
}

function splitSignatures(text: string): GivenSignature[] {
  const parts = text.split(' ', maxSignatures + 1);
  if (parts.length > maxSignatures) {
    throw new WebhookVerificationError(
      'too-many-signatures',
      `The header 'webhook-signature' has more than ${maxSignatures} signatures`,
    );
  }
  return parts.map(part => {
    const [version, ...values] = part.split(',');
    return { version, value: values.join(',') };
  });
}
