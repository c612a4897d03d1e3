import { holdsCredential } from './holdsCredential';

/** Made for each request: of Standard Webhooks and of CloudEvents. */
const ourPrefixes = ['webhook-', 'ce-'];

/** They say how the request or its body is made; a wrong one would end at a proxy, or in somebody else's request. */
const ourNames = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether a header is made here, whatever an endpoint says. */
export function isOurHeader(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return (
    ourNames.has(lowerCase) ||
    ourPrefixes.some(prefix => lowerCase.startsWith(prefix))
  );
}

/**
 * Finds out why an endpoint cannot have a header of its own.
 *
 * @param name - in any case
 * @param options.isSecret - whether it is one of `secrets.headers`
 * @param options.hasAuth - whether the endpoint has `auth`, which makes `authorization`
 * @returns a sentence for people, with the remedy; undefined when it can
 */
export function findHeaderProblem(
  name: string,
  options: { isSecret: boolean; hasAuth?: boolean },
): string | undefined {
  const lowerCase = name.toLowerCase();
  if (isOurHeader(name)) {
    return `The header '${name}' is made by Callboard for each request: leave it out`;
  }
  if (options.hasAuth && lowerCase === 'authorization') {
    return `The header '${name}' is made from 'auth': leave out one of them`;
  }
  if (!options.isSecret && holdsCredential(lowerCase)) {
    return `The header '${name}' holds a credential by its name: put it into 'secrets.headers', which are encrypted and never shown`;
  }
  return undefined;
}
