import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { OpenSecrets } from '../../endpoints';

/**
 * Selects those of the secrets of an endpoint, its signing keys aside, that settings have a use for. One that was of use
 * before is kept, and is no mistake of whoever changes the settings.
 */
export function selectUsedSecrets(
  { auth, tls }: Pick<EndpointSettings, 'auth' | 'tls'>,
  { headers, password, clientSecret, tlsKey }: Omit<OpenSecrets, 'signing'>,
): EndpointSecrets {
  return {
    headers: { ...headers },
    ...(auth?.type === 'basic' && { password }),
    ...(auth?.type === 'oauth2' && { clientSecret }),
    ...(tls?.certificate !== undefined && { tlsKey }),
  };
}
