import type { Store } from '../../database';
import type { Endpoint, OpenSecrets } from '../Endpoint';
import { EndpointChangedError } from '../EndpointChangedError';
import type { EndpointRow } from '../endpointRow';
import { openSealed } from '../heldSecrets';
import type { SecretVault } from '../SecretVault';
import { withoutEnded } from '../signingKeys';

/**
 * Opens the secrets of an endpoint of the API, those of this very revision: new secrets must not be sent to a former URL.
 *
 * @returns the secrets, without keys that have ended
 * @throws EndpointChangedError when it was changed or removed since it was read
 * @throws UnreadableSecretsError when they cannot be opened
 * @throws Error with the remedy, when they are in the configuration
 */
export async function openSecrets(
  { knex, dialect }: Store,
  vault: SecretVault,
  { id, managedBy, revision }: Pick<Endpoint, 'id' | 'managedBy' | 'revision'>,
): Promise<OpenSecrets> {
  if (managedBy === 'config') {
    throw new Error(
      `The secrets of endpoint '${id}' are in the configuration: read them there`,
    );
  }
  const row = await knex('callboard_endpoints')
    .where({ id, revision })
    .first<
      | (Pick<EndpointRow, 'id' | 'signing_keys' | 'secrets'> & {
          now: number | string;
        })
      | undefined
    >('id', 'signing_keys', 'secrets', knex.raw(`${dialect.nowMs} as now`));
  if (!row) {
    throw new EndpointChangedError(id);
  }
  const { keys, ...secrets } = openSealed(vault, row);
  return {
    ...secrets,
    signing: withoutEnded(keys, Number(row.now)).map(({ key }) => key),
  };
}
