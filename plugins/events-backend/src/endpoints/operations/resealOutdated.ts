import type { Knex } from 'knex';
import type { Store } from '../../database';
import type { EndpointRow } from '../endpointRow';
import type { OnUnreadable } from '../readRows';
import type { SecretVault } from '../SecretVault';

/** More than the beginning of what is sealed, which names the key; the whole may be a hundred thousand characters. */
const beginningLength = 64;

/**
 * Seals anew what was sealed with an older key than new secrets are, so that the older key can be taken away. What is
 * sealed stays the same, and so does the revision.
 *
 * 1. Look for them, without a lock.
 * 2. Seal each anew, unless it has been changed meanwhile. One that cannot be opened is passed over.
 *
 * @param limit - how many at the most
 * @returns how many were sealed anew
 */
export async function resealOutdated(
  { knex, dialect }: Store,
  vault: SecretVault,
  limit: number,
  onUnreadable: OnUnreadable,
): Promise<number> {
  if (!vault.isOpen) {
    return 0;
  }
  const beginnings: { id: string; beginning: string }[] = await knex(
    'callboard_endpoints',
  )
    .whereNotNull('secrets')
    .select(
      'id',
      knex.raw('substr(secrets, 1, ?) as beginning', beginningLength),
    );
  await dialect.makeDurable(knex);
  let resealed = 0;
  for (const { id, beginning } of beginnings) {
    if (resealed < limit && vault.isOutdated(beginning)) {
      resealed += await reseal(knex, vault, id, onUnreadable);
    }
  }
  return resealed;
}

async function reseal(
  knex: Knex,
  vault: SecretVault,
  id: string,
  onUnreadable: OnUnreadable,
): Promise<number> {
  const row = await knex<EndpointRow>('callboard_endpoints')
    .where({ id })
    .first('revision', 'secrets');
  if (!row?.secrets) {
    return 0;
  }
  let secrets: string;
  try {
    secrets = vault.seal(vault.open(row.secrets, id), id);
  } catch (error) {
    onUnreadable(id, error);
    return 0;
  }
  return knex('callboard_endpoints')
    .where({ id, revision: row.revision })
    .update({ secrets });
}
