import { InputError } from '@backstage/errors';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';

/**
 * Refuses secrets that settings have no use for: they would not be kept, and whoever gave one meant something else.
 *
 * @throws InputError that names the secret, and the setting that is missing for it
 */
export function refuseUselessSecrets(
  { auth, tls }: Pick<EndpointSettings, 'auth' | 'tls'>,
  { password, clientSecret, tlsKey }: EndpointSecrets,
): void {
  if (password !== undefined && auth?.type !== 'basic') {
    throw useless('password', "auth with the type 'basic'");
  }
  if (clientSecret !== undefined && auth?.type !== 'oauth2') {
    throw useless('clientSecret', "auth with the type 'oauth2'");
  }
  if (tlsKey !== undefined && tls?.certificate === undefined) {
    throw useless('tlsKey', 'tls.certificate');
  }
}

function useless(secret: keyof EndpointSecrets, setting: string): InputError {
  return new InputError(
    `secrets.${secret}: the endpoint has no use for it. Leave it out, or give it ${setting}`,
  );
}
