import { holdsCredential } from './holdsCredential';

const mask = '***';

/**
 * Masks the headers of a request, for people and tables.
 *
 * @param secretNames - of `secrets.headers`, in any case
 * @returns the same names; the values of credentials are masked, those by their name too, and of signatures the version
 *   is left: with a signature and the body, a receiver that does not look at the time could be sent both again
 */
export function maskHeaders(
  headers: Readonly<Record<string, string>>,
  secretNames: readonly string[],
): Record<string, string> {
  const secret = new Set(secretNames.map(name => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lowerCase = name.toLowerCase();
      if (lowerCase === 'webhook-signature') {
        return [name, value.replace(/,[^ ]*/g, `,${mask}`)];
      }
      const isSecret = secret.has(lowerCase) || holdsCredential(lowerCase);
      return [name, isSecret ? mask : value];
    }),
  );
}
