import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';

/**
 * Finds credentials that a change would carry to another place: they were given for the receiver, or the issuer of tokens,
 * that the endpoint had before, and whoever may change an endpoint need not know them.
 *
 * @param held - what is kept of the endpoint
 * @param given - with the change
 * @returns names of the secrets that have to be given again
 */
export function findCarriedSecrets(
  before: Pick<EndpointSettings, 'url' | 'auth'>,
  after: Pick<EndpointSettings, 'url' | 'auth'>,
  held: EndpointSecrets,
  given: EndpointSecrets,
): string[] {
  const isOtherReceiver = originOf(before.url) !== originOf(after.url);
  const tokenUrlOf = ({ auth }: Pick<EndpointSettings, 'auth'>) =>
    auth?.type === 'oauth2' ? originOf(auth.tokenUrl) : undefined;
  const hasHeaders = Object.keys(held.headers ?? {}).length > 0;
  const carried: [string, boolean][] = [
    [
      'secrets.headers',
      isOtherReceiver && hasHeaders && given.headers === undefined,
    ],
    [
      'secrets.password',
      isOtherReceiver &&
        after.auth?.type === 'basic' &&
        held.password !== undefined &&
        given.password === undefined,
    ],
    [
      'secrets.clientSecret',
      after.auth?.type === 'oauth2' &&
        tokenUrlOf(before) !== tokenUrlOf(after) &&
        held.clientSecret !== undefined &&
        given.clientSecret === undefined,
    ],
  ];
  return carried.flatMap(([name, isCarried]) => (isCarried ? [name] : []));
}

function originOf(url: string): string {
  return new URL(url).origin;
}
