import { ConflictError, NotFoundError } from '@backstage/errors';
import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import { EndpointChangedError } from '../EndpointChangedError';
import type { EndpointRow } from '../endpointRow';
import { lockEndpoint, type LockedEndpoint } from './lockEndpoint';

/**
 * Locks an endpoint of the API that is to be changed.
 *
 * @param expectedRevision - which it must have still; undefined for any
 * @throws NotFoundError when there is none
 * @throws ConflictError when it is declared in the configuration
 * @throws EndpointChangedError when it has another revision
 */
export async function lockForChange(
  trx: Knex.Transaction,
  dialect: Dialect,
  id: string,
  expectedRevision: string | undefined,
): Promise<LockedEndpoint> {
  const locked = await lockEndpoint(trx, dialect, id);
  if (!locked) {
    throw new NotFoundError(`There is no endpoint '${id}'`);
  }
  const { row } = locked;
  refuseDeclared(row);
  refuseChanged(row, expectedRevision);
  return locked;
}

/** @throws EndpointChangedError when an endpoint has not the revision that is expected; undefined for any */
export function refuseChanged(
  { id, revision }: Pick<EndpointRow, 'id' | 'revision'>,
  expectedRevision: string | undefined,
): void {
  if (expectedRevision !== undefined && revision !== expectedRevision) {
    throw new EndpointChangedError(id);
  }
}

/** @throws ConflictError when an endpoint is declared in the configuration */
export function refuseDeclared({
  id,
  managed_by: managedBy,
}: Pick<EndpointRow, 'id' | 'managed_by'>): void {
  if (managedBy === 'config') {
    throw new ConflictError(
      `Endpoint '${id}' is declared in the configuration. Change it there, under events.webhooks.endpoints; to rotate a key, put the new one first`,
    );
  }
}
