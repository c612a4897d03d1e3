import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { ConflictError } from '@backstage/errors';
import {
  findMissingSecrets,
  UnreadableSecretsError,
  type Endpoint,
  type EndpointPool,
  type OpenSecrets,
} from '../../endpoints';

/** Where all are given anew, nothing of what was held is of use. */
const nothing: OpenSecrets = {
  signing: [],
  headers: {},
  password: undefined,
  clientSecret: undefined,
  tlsKey: undefined,
};

/**
 * Opens the secrets of an endpoint that is to be changed. Those that cannot be opened, because the key that they were
 * encrypted with is gone, stand in the way of no change that gives all of them anew.
 *
 * @param settings - what the endpoint is to become
 * @param given - with the change
 * @throws ConflictError that names the secrets which have to be given, when they cannot be opened
 */
export async function openHeldSecrets(
  endpoints: Pick<EndpointPool, 'openSecrets'>,
  endpoint: Endpoint,
  settings: Pick<EndpointSettings, 'auth' | 'tls'>,
  given: EndpointSecrets,
): Promise<OpenSecrets> {
  try {
    return await endpoints.openSecrets(endpoint);
  } catch (error) {
    if (!(error instanceof UnreadableSecretsError)) {
      throw error;
    }
    const missing = findMissingSecrets(settings, given);
    if (missing.length > 0) {
      throw new ConflictError(
        `${error.message}. This change does not give ${missing.join(', ')}`,
      );
    }
    return nothing;
  }
}
