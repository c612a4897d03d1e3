import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Store } from '../../database';
import type { EndpointRow } from '../endpointRow';
import { openSealed, sealSecrets } from '../heldSecrets';
import type { OnUnreadable } from '../readRows';
import type { SecretVault } from '../SecretVault';
import { withoutEnded } from '../signingKeys';
import { changeDurably } from './changeDurably';
import { lockEndpoint } from './lockEndpoint';

/**
 * Removes signing keys that have ended. Each endpoint that had one gets a new revision, so that nobody goes on to sign
 * with it.
 *
 * 1. Look for them, without a lock.
 * 2. Lock each endpoint, and remove what has ended still. One whose secrets cannot be opened is passed over.
 *
 * @returns how many keys were removed
 */
export async function expireKeys(
  store: Store,
  vault: SecretVault,
  onUnreadable: OnUnreadable,
): Promise<number> {
  const { knex, dialect } = store;
  const ids: string[] = await knex('callboard_endpoints')
    .where('keys_end_at', '<=', knex.raw(dialect.nowMs))
    .orderBy('keys_end_at')
    .pluck('id');
  let removed = 0;
  for (const id of ids) {
    try {
      removed += await changeDurably(store, trx =>
        removeEnded(trx, store, vault, id),
      );
    } catch (error) {
      if (dialect.isUnavailable(error)) {
        throw error;
      }
      onUnreadable(id, error);
    }
  }
  return removed;
}

async function removeEnded(
  trx: Knex.Transaction,
  { dialect }: Store,
  vault: SecretVault,
  id: string,
): Promise<number> {
  const locked = await lockEndpoint(trx, dialect, id);
  if (!locked) {
    return 0;
  }
  const { row, nowMs } = locked;
  const held = openSealed(vault, row);
  const keys = withoutEnded(held.keys, nowMs);
  if (keys.length < held.keys.length) {
    await trx('callboard_endpoints')
      .where({ id })
      .update({
        ...sealSecrets(vault, id, { ...held, keys }),
        revision: randomUUID(),
        updated_at: nowMs,
      } satisfies Partial<EndpointRow>);
  }
  return held.keys.length - keys.length;
}
