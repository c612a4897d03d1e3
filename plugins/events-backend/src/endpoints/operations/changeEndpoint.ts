import { randomUUID } from 'node:crypto';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { Store } from '../../database';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import {
  openUnlessReplaced,
  replaceSecrets,
  sealSecrets,
} from '../heldSecrets';
import type { SecretVault } from '../SecretVault';
import { fitKeys, takeKeys, type KeyMaker } from '../signingKeys';
import { changeDurably } from './changeDurably';
import { forgetHealth } from './forgetHealth';
import { lockForChange } from './lockForChange';

/** What an endpoint is to become. */
export interface EndpointChange {
  /** All of them: they take the place of the former ones. */
  settings: EndpointSettings;
  /** Each that is given takes the place of the former one; the others stay, if the settings have a use for them. */
  secrets?: EndpointSecrets;
}

/**
 * Changes an endpoint of the API.
 *
 * 1. Lock it, and see that nobody was faster.
 * 2. Fit its keys to the versions that it signs with now: drop those of others, and make one where there is none.
 * 3. Forget its health: it may work now.
 *
 * @returns the endpoint, and what receivers are to be given of the keys that were made
 * @throws NotFoundError when there is none
 * @throws ConflictError when it is declared in the configuration
 * @throws EndpointChangedError when it has another revision
 * @throws UnreadableSecretsError when a secret that stays cannot be opened
 * @throws InputError when a signing key is none, or of a version that the settings do not ask for
 */
export async function changeEndpoint(
  store: Store,
  vault: SecretVault,
  maker: KeyMaker,
  id: string,
  { settings, secrets = {} }: EndpointChange,
  expectedRevision: string | undefined,
): Promise<{ endpoint: Endpoint; signing: string[] }> {
  return changeDurably(store, async trx => {
    const { row, nowMs } = await lockForChange(
      trx,
      store.dialect,
      id,
      expectedRevision,
    );
    const held = openUnlessReplaced(vault, row, settings, secrets);
    const heldKeys = held?.keys ?? [];
    const { signatures } = settings;
    const given = secrets.signing
      ? takeKeys(secrets.signing, { held: heldKeys, signatures, maker, nowMs })
      : heldKeys;
    const { keys, made } = fitKeys(given, { signatures, maker, nowMs });
    const [changed]: EndpointRow[] = await trx('callboard_endpoints')
      .where({ id })
      .update({
        settings: JSON.stringify(settings),
        owner: settings.owner,
        ...sealSecrets(vault, id, {
          keys,
          ...replaceSecrets(settings, held, secrets),
        }),
        revision: randomUUID(),
        updated_at: nowMs,
      } satisfies Partial<EndpointRow>)
      .returning('*');
    await forgetHealth(trx, id);
    return { endpoint: toEndpoint(changed), signing: made };
  });
}
