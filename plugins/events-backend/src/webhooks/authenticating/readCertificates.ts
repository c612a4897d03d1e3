import { X509Certificate } from 'node:crypto';

/** Base64 has no dash, so nothing is gone over twice. */
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads certificates, one or more, from PEM (RFC 7468, section 5). What stands between them is passed over.
 *
 * @param what - how a problem calls the text
 * @returns each as PEM of its own, or a sentence for people
 */
export function readCertificates(
  what: string,
  text: string,
): { certificates: string[] } | { problem: string } {
  const certificates = text.match(block) ?? [];
  const wrong = certificates.findIndex(each => !isCertificate(each));
  if (wrong >= 0) {
    return {
      problem: `Certificate ${
        wrong + 1
      } of ${what} cannot be read: copy it anew, as PEM`,
    };
  }
  if (
    certificates.length === 0 ||
    text.replaceAll(block, '').includes('-----BEGIN')
  ) {
    return {
      problem: `${what} cannot be read: it must be nothing but certificates as PEM, each from '-----BEGIN CERTIFICATE-----' to '-----END CERTIFICATE-----'`,
    };
  }
  return { certificates };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
