import { isError } from '@backstage/errors';
import type { FailureReason } from './SendResult';

/**
 * Finds out why an exchange failed.
 *
 * @param error - of undici, Node.js or a guard; its causes, and the errors it gathers, are looked at too
 * @returns the reason, and a sentence for people that ends with what the error itself says
 */
export function explainFailure(error: unknown): {
  reason: FailureReason;
  message: string;
} {
  const causes = listCauses(error);
  for (const cause of causes) {
    const reason = recognise(cause);
    if (reason) {
      return { reason, message: describe(phrases[reason], cause) };
    }
  }
  return { reason: 'other', message: describe(phrases.other, causes[0]) };
}

interface Cause {
  name: string;
  message: string;
  code: string;
}

const phrases: Record<FailureReason, string> = {
  'timed out': 'The receiver did not react in time',
  refused: 'The connection was refused',
  reset: 'The receiver closed the connection before it had answered',
  unresolved: 'The name of the receiver has no address',
  unreachable: 'The receiver cannot be reached',
  tls: 'TLS failed',
  'forbidden address': 'The address is not allowed',
  'malformed answer': 'The answer is not HTTP',
  other: 'The request failed',
};

/**
 * Codes of errors. Those of certificates are listed under "X509 certificate error codes" in the documentation of
 * `node:tls`; EPROTO and ERR_SSL are of OpenSSL, UND of undici.
 */
const codes: [FailureReason, RegExp][] = [
  [
    'timed out',
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/,
  ],
  ['refused', /^ECONNREFUSED$/],
  ['reset', /^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/],
  ['unresolved', /^(ENOTFOUND|EAI_\w+)$/],
  ['unreachable', /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/],
  [
    'tls',
    /^(EPROTO|UND_ERR_PRX_TLS|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|DEPTH_ZERO_SELF_SIGNED_CERT|(ERR_TLS|ERR_SSL|CERT|CRL|UNABLE_TO|SELF_SIGNED|ERROR_IN_(CERT|CRL))_\w+)$/,
  ],
  [
    'malformed answer',
    /^UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH)$/,
  ],
];

/** A guard is known by its name, so that whoever makes one need not import ours; undici's parser has no code. */
const names = new Map<string, FailureReason>([
  ['RefusedAddressError', 'forbidden address'],
  ['HTTPParserError', 'malformed answer'],
]);

function recognise({ name, code }: Cause): FailureReason | undefined {
  return (
    names.get(name) ?? codes.find(([, pattern]) => pattern.test(code))?.[0]
  );
}

/** Errors point to each other at will, in circles too. */
const maxCauses = 20;

/** Lists an error and what is behind it, what is nearer first. */
function listCauses(error: unknown): Cause[] {
  const found: unknown[] = [error];
  for (let index = 0; index < found.length && index < maxCauses; index += 1) {
    const each = found[index];
    if (isError(each)) {
      found.push(each.cause);
      // An AggregateError: one error per address of a name.
      if (Array.isArray(each.errors)) {
        found.push(...each.errors.slice(0, maxCauses));
      }
    }
  }
  return found.slice(0, maxCauses).flatMap(each =>
    isError(each)
      ? [
          {
            name: each.name,
            message: each.message,
            code: typeof each.code === 'string' ? each.code : '',
          },
        ]
      : [],
  );
}

/** So much of what an error says is kept, in characters. */
const maxDetail = 500;

function describe(phrase: string, cause: Cause | undefined): string {
  const detail = (cause?.message || cause?.code || '').slice(0, maxDetail);
  return detail ? `${phrase}: ${detail}` : phrase;
}
