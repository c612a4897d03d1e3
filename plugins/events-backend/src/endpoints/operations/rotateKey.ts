import { randomUUID } from 'node:crypto';
import type { SignatureVersion } from '@callboard/backstage-plugin-events-common';
import { InputError } from '@backstage/errors';
import type { Store } from '../../database';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { openSealed, sealSecrets } from '../heldSecrets';
import type { SecretVault } from '../SecretVault';
import {
  makeKey,
  nameKey,
  rotateKeys,
  showKey,
  type HeldKey,
  type KeyMaker,
} from '../signingKeys';
import { changeDurably } from './changeDurably';
import { lockForChange } from './lockForChange';

/** How a key takes the place of others. */
export interface KeyRotation {
  version: SignatureVersion;
  /** How long requests are signed with the former keys of the version as well, in milliseconds. */
  overlapMs: number;
  /** The new key; undefined to have one made. */
  key?: string;
}

/**
 * Gives an endpoint of the API a new signing key. The former ones of its version end after the overlap.
 *
 * @returns the endpoint, and what receivers are to be given of the new key: the secret of `v1`, the public key of `v1a`
 * @throws NotFoundError when there is no such endpoint
 * @throws ConflictError when it is declared in the configuration
 * @throws EndpointChangedError when it has another revision
 * @throws UnreadableSecretsError when its secrets cannot be opened
 * @throws InputError when it does not sign with the version, or the given key is none, of another version, or had already
 */
export async function rotateKey(
  store: Store,
  vault: SecretVault,
  maker: KeyMaker,
  id: string,
  { version, overlapMs, key }: KeyRotation,
  expectedRevision: string | undefined,
): Promise<{ endpoint: Endpoint; signing: string }> {
  return changeDurably(store, async trx => {
    const { row, nowMs } = await lockForChange(
      trx,
      store.dialect,
      id,
      expectedRevision,
    );
    const held = openSealed(vault, row);
    if (!held.keys.some(each => each.version === version)) {
      throw new InputError(
        `Endpoint '${id}' does not sign with ${version}. Add it to its signatures; a key is made then`,
      );
    }
    const newest =
      key === undefined
        ? makeKey(version, maker, nowMs)
        : readKey(key, version, held.keys, maker, nowMs);
    const keys = rotateKeys(held.keys, newest, overlapMs, nowMs);
    const [changed]: EndpointRow[] = await trx('callboard_endpoints')
      .where({ id })
      .update({
        ...sealSecrets(vault, id, { ...held, keys }),
        revision: randomUUID(),
        updated_at: nowMs,
      } satisfies Partial<EndpointRow>)
      .returning('*');
    return { endpoint: toEndpoint(changed), signing: showKey(newest) };
  });
}

function readKey(
  key: string,
  version: SignatureVersion,
  held: readonly HeldKey[],
  maker: KeyMaker,
  nowMs: number,
): HeldKey {
  const description = maker.read(key);
  if (description.version !== version) {
    throw new InputError(
      `The key is one of ${description.version}, and one of ${version} is to be rotated. Give one of that version, or none to have it made`,
    );
  }
  if (held.some(each => each.key === key)) {
    throw new InputError(
      'The endpoint has this key already. Give another one, or none to have it made',
    );
  }
  return nameKey(key, description, nowMs);
}
