import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';

type Places = Pick<EndpointSettings, 'url' | 'auth'>;

/**
 * Finds credentials that a change would carry to another place: they were given for the receiver, or the issuer of tokens,
 * that the endpoint had before, and whoever may change an endpoint need not know them.
 *
 * A receiver is told by the origin and the path of its URL, since several may share a host. The token that the secret of a
 * client brings is shown to the receiver, so that secret belongs to both, and to what the token is asked for.
 *
 * @param held - what is kept of the endpoint
 * @param given - with the change
 * @returns names of the secrets that have to be given again
 */
export function findCarriedSecrets(
  before: Places,
  after: Places,
  held: EndpointSecrets,
  given: EndpointSecrets,
): string[] {
  const isOtherReceiver = receiverOf(before.url) !== receiverOf(after.url);
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
      (isOtherReceiver || grantOf(before) !== grantOf(after)) &&
        after.auth?.type === 'oauth2' &&
        held.clientSecret !== undefined &&
        given.clientSecret === undefined,
    ],
  ];
  return carried.flatMap(([name, isCarried]) => (isCarried ? [name] : []));
}

function receiverOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Whom a token is asked of, by whom and for what; undefined when none is. */
function grantOf({ auth }: Places): string | undefined {
  if (auth?.type !== 'oauth2') {
    return undefined;
  }
  const { tokenUrl, clientId, scope = null, audience = null } = auth;
  return JSON.stringify([new URL(tokenUrl).href, clientId, scope, audience]);
}
