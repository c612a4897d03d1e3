const mask = '***';

/** Shorter texts stand in an answer by chance. */
const leastLength = 6;

/**
 * Hides secrets that a receiver repeats: many answer with what they were sent when something goes wrong.
 *
 * @param secrets - values of headers, passwords, tokens
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length >= leastLength)
    .flatMap(listSpellings)
    .toSorted((one, other) => other.length - one.length)
    .reduce((hidden, secret) => hidden.replaceAll(secret, mask), text);
}

/** As it is, and as a string of JSON, in which some escape the slash as well. */
function listSpellings(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [
    ...new Set([
      secret,
      secret.replaceAll('/', '\\/'),
      escaped,
      escaped.replaceAll('/', '\\/'),
    ]),
  ];
}

/**
 * Lists what of a request is secret.
 *
 * @param headers - as they are sent
 * @param secretNames - of headers whose values are secret, in small letters
 */
export function listSecrets(
  headers: Readonly<Record<string, string>>,
  secretNames: readonly string[],
): string[] {
  return [...secretNames, 'authorization', 'webhook-signature'].flatMap(
    name => {
      const value = headers[name];
      // Of `Bearer …` and `v1,…` the part behind as well.
      return value === undefined
        ? []
        : [value, ...value.split(/[ ,]/).slice(1)];
    },
  );
}
