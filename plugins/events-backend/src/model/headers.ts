import { eventMetadataPrefix } from '@callboard/backstage-plugin-events-node';

/** Metadata as it is stored: names in lower case. */
export type Metadata = Record<string, string | string[]>;

/**
 * Names of headers that hold a credential: by a word of the name, so that `x-gitlab-token` and `x-hub-signature-256` go
 * and `x-tokenizer` stays.
 */
const credential =
  /(^|[-_])(authorization|cookies?|(access|auth|api|csrf|xsrf|id|refresh)?tokens?|secrets?|signatures?|pass|passw(or)?d|passphrase|credentials?|(api|access|functions)-?key|auth|hmac|jwt|session|oidc)([-_]|$)/;

/** Senders use few names, again and again; a flood of others does not make this grow. */
const verdicts = new Map<string, boolean>();
const maxVerdicts = 1_000;

/**
 * Whether the name of a header says that its value is a credential.
 *
 * @param name - in lower case
 */
export function namesCredential(name: string): boolean {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    verdict = credential.test(name);
    if (verdicts.size < maxVerdicts) {
      verdicts.set(name, verdict);
    }
  }
  return verdict;
}

function mayBeStored(name: string): boolean {
  return !name.startsWith(eventMetadataPrefix) && !namesCredential(name);
}

/**
 * Turns the headers of a request into metadata.
 *
 * @param headers - names in lower case, as Node.js gives them
 * @param secretHeaders - further names that hold a credential, in lower case
 * @returns all of them but credentials (which must not be stored) and names that belong to Callboard
 */
export function readHeaders(
  headers: Record<string, string | string[] | undefined>,
  secretHeaders: readonly string[] = [],
): Metadata {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value !== undefined && mayBeStored(name) && !secretHeaders.includes(name)
        ? [[name, value]]
        : [],
    ),
  );
}
