import { eventMetadataPrefix } from '@callboard/backstage-plugin-events-node';

/** Metadata as it is stored: names in lower case. */
export type Metadata = Record<string, string | string[]>;

/**
 * Names of headers that hold a credential: by a whole word of the name, so that `x-gitlab-token` and
 * `x-hub-signature-256` go and `x-tokenizer` stays.
 */
const credential =
  /(^|[-_])(authorization|cookie|cookies|token|tokens|secret|secrets|signature|signatures|password|passwd|credential|credentials|api-?key|apikey|auth|hmac|jwt|session)([-_]|$)/;

/** Senders use few names, again and again; a flood of others does not make this grow. */
const verdicts = new Map<string, boolean>();
const maxVerdicts = 1_000;

function mayBeStored(name: string): boolean {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    verdict = !credential.test(name) && !name.startsWith(eventMetadataPrefix);
    if (verdicts.size < maxVerdicts) {
      verdicts.set(name, verdict);
    }
  }
  return verdict;
}

/**
 * Turns the headers of a request into metadata.
 *
 * @param headers - names in lower case, as Node.js gives them
 * @returns all of them but credentials (which must not be stored) and names that belong to Callboard
 */
export function readHeaders(
  headers: Record<string, string | string[] | undefined>,
): Metadata {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value !== undefined && mayBeStored(name) ? [[name, value]] : [],
    ),
  );
}
