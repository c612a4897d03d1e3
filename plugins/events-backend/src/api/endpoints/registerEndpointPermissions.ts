import type { PermissionsRegistryService } from '@backstage/backend-plugin-api';
import { endpointPermissions } from '@callboard/backstage-plugin-events-common';
import type { EndpointPool } from '../../endpoints';
import { endpointResourceRef, endpointRules } from './endpointRules';

/** Tells the permissions framework of endpoints, and of the rules that decide about them. */
export function registerEndpointPermissions(
  permissionsRegistry: Pick<PermissionsRegistryService, 'addResourceType'>,
  endpoints: Pick<EndpointPool, 'read'>,
): void {
  permissionsRegistry.addResourceType({
    resourceRef: endpointResourceRef,
    permissions: endpointPermissions,
    rules: Object.values(endpointRules),
    getResources: ids =>
      Promise.all(ids.map(async id => (await endpoints.read(id))?.settings)),
  });
}
