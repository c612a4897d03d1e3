import { ConflictError } from '@backstage/errors';
import type { Endpoint } from '../../endpoints';

/** @throws ConflictError when an endpoint is declared in the configuration, which alone may change it */
export function refuseDeclared({
  id,
  managedBy,
}: Pick<Endpoint, 'id' | 'managedBy'>): void {
  if (managedBy === 'config') {
    throw new ConflictError(
      `Endpoint '${id}' is one of the configuration: change it there, under events.webhooks.endpoints.${id}. Half an hour after the last process that declares it, it is removed by itself`,
    );
  }
}
