import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { isError } from '@backstage/errors';
import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import { readCertificates } from './readCertificates';

export type TlsOptions =
  | { options: SecureContextOptions }
  | {
      /** A sentence for people, with the remedy, and without any part of the key. */
      problem: string;
    };

/**
 * Reads what an endpoint says of TLS, and checks that a connection can be made with it.
 *
 * @param tls - of its settings: the certificate to show, with the issuers behind it in the same text; and the
 *   authorities to trust in place of the usual ones
 * @param tlsKey - of its secrets: the key of the certificate, not encrypted
 * @returns what `createGuardedAgent` takes; empty when it says nothing. Whether a certificate has expired is left to the
 *   receiver, whose clock counts.
 */
export function readTlsOptions(
  tls: EndpointSettings['tls'],
  tlsKey: string | undefined,
): TlsOptions {
  const shown = readShown(tls?.certificate, tlsKey);
  if ('problem' in shown) {
    return shown;
  }
  const trusted = readTrusted(tls?.authorities);
  if ('problem' in trusted) {
    return trusted;
  }
  const options = { ...shown.options, ...trusted.options };
  try {
    // Knows rules that are not checked here, such as keys that are too short for OpenSSL.
    createSecureContext(options);
  } catch (error) {
    return {
      problem: `The 'tls' of the endpoint cannot be used: ${
        isError(error) ? error.message : error
      }`,
    };
  }
  return { options };
}

function readShown(
  certificate: string | undefined,
  tlsKey: string | undefined,
): TlsOptions {
  if (certificate === undefined) {
    return tlsKey === undefined
      ? { options: {} }
      : {
          problem:
            "There is a key for TLS but no certificate: set 'tls.certificate', or leave 'secrets.tlsKey' out",
        };
  }
  if (tlsKey === undefined) {
    return {
      problem:
        "There is a certificate for TLS but no key: set 'secrets.tlsKey', or leave 'tls.certificate' out",
    };
  }
  const read = readCertificates("'tls.certificate'", certificate);
  if ('problem' in read) {
    return read;
  }
  if (/\bENCRYPTED\b/.test(tlsKey)) {
    return {
      problem:
        "'secrets.tlsKey' is encrypted: set it to what 'openssl pkey -in key.pem' prints; it is encrypted here when it is stored",
    };
  }
  const key = parseKey(tlsKey);
  if (key === undefined) {
    return {
      problem:
        "'secrets.tlsKey' cannot be read: it must be a private key as PEM, from '-----BEGIN PRIVATE KEY-----' to '-----END PRIVATE KEY-----'",
    };
  }
  const [first] = read.certificates;
  if (!new X509Certificate(first).checkPrivateKey(key)) {
    return {
      problem:
        "'secrets.tlsKey' is not the key of 'tls.certificate', of which the first certificate must be the one to show, and its issuers follow",
    };
  }
  return { options: { cert: read.certificates.join('\n'), key: tlsKey } };
}

/** `node:tls` passes over authorities that it cannot read, and then trusts nobody. */
function readTrusted(authorities: string | undefined): TlsOptions {
  if (authorities === undefined) {
    return { options: {} };
  }
  const read = readCertificates("'tls.authorities'", authorities);
  return 'problem' in read ? read : { options: { ca: read.certificates } };
}

function parseKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}
