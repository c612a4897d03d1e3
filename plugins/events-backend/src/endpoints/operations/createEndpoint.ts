import { randomUUID } from 'node:crypto';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { ConflictError } from '@backstage/errors';
import type { Store } from '../../database';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { replaceSecrets, sealSecrets } from '../heldSecrets';
import type { SecretVault } from '../SecretVault';
import { fitKeys, takeKeys, type KeyMaker } from '../signingKeys';
import { changeDurably } from './changeDurably';
import { insertHealth } from './insertHealth';
import { readNow } from './readNow';

/** What an endpoint is made of. */
export interface NewEndpoint {
  id: string;
  managedBy: 'api';
  settings: EndpointSettings;
  /** Keys of versions that are not given are made. */
  secrets: EndpointSecrets;
  /** Behind which its subscription begins; undefined for the end, whatever that is when it begins. */
  startPosition?: number;
  /** Reference of the user. */
  createdBy: string;
}

/**
 * Makes an endpoint of the API.
 *
 * @returns the endpoint, and what receivers are to be given of the keys that were made, to be shown once: the secret of
 * `v1`, the public key of `v1a`
 * @throws ConflictError when the id is taken
 * @throws InputError when a signing key is none, or of a version that the settings do not ask for
 */
export async function createEndpoint(
  store: Store,
  vault: SecretVault,
  maker: KeyMaker,
  { id, managedBy, settings, secrets, startPosition, createdBy }: NewEndpoint,
): Promise<{ endpoint: Endpoint; signing: string[] }> {
  return changeDurably(store, async trx => {
    const nowMs = await readNow(trx, store.dialect);
    const { signatures } = settings;
    const given = takeKeys(secrets.signing ?? [], {
      held: [],
      signatures,
      maker,
      nowMs,
    });
    const { keys, made } = fitKeys(given, { signatures, maker, nowMs });
    const rows: EndpointRow[] = await trx('callboard_endpoints')
      .insert({
        id,
        managed_by: managedBy,
        settings: JSON.stringify(settings),
        owner: settings.owner,
        ...sealSecrets(vault, id, {
          keys,
          ...replaceSecrets(settings, undefined, secrets),
        }),
        state: 'active',
        state_reason: null,
        state_by: createdBy,
        state_at: nowMs,
        start_position: startPosition ?? null,
        declared_at: null,
        revision: randomUUID(),
        announcement: null,
        created_at: nowMs,
        created_by: createdBy,
        updated_at: nowMs,
      } satisfies EndpointRow)
      .onConflict('id')
      .ignore()
      .returning('*');
    const [row] = rows;
    if (!row) {
      throw new ConflictError(
        `There is an endpoint '${id}' already. Choose another id, or change that one`,
      );
    }
    await insertHealth(trx, [id]);
    return { endpoint: toEndpoint(row), signing: made };
  });
}
